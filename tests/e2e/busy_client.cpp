#include "e2e/busy_client.h"

#include "support/raw_client.h"

namespace berth::e2e {

BusyClient::~BusyClient() {
  end();
  thread_.join();
}

void BusyClient::run() {
  while (!ended_) {
    test::RawClient client(port_);
    for (bool kept = true; kept && !ended_;) {
      const bool sent = client.send(question_);
      const test::Reply reply = client.read_reply();
      const bool whole = sent && reply.status == 200 && reply.whole;
      ++(whole ? answered_ : failed_);
      kept = whole && !reply.says_close();
    }
  }
}

}  // namespace berth::e2e
