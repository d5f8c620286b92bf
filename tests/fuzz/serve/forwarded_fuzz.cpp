// Field lines "Name: value" taken as what clients and proxies wrote: whatever clients write, what a
// trusted proxy appends is believed and nothing before it.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "http/forwarded.h"
#include "http/token.h"
#include "serve/client.h"

namespace {

using berth::http::ElementsFromTheEnd;
using berth::http::Field;
using berth::net::RawAddress;
using berth::serve::Client;
using berth::serve::TrustedProxies;
using Fields = TrustedProxies::Fields;
using Quotes = ElementsFromTheEnd::Quotes;

void check(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "property broken: %s\n", property);
  std::abort();
}

bool lies_in(std::string_view view, std::string_view bytes) {
  return view.data() >= bytes.data() && view.data() + view.size() <= bytes.data() + bytes.size();
}

RawAddress address(std::string_view host) { return RawAddress::parse(host, 1).value(); }

// "Name: value" of each line; a line without a colon is a value of Forwarded.
std::vector<Field> fields_of(std::string_view text) {
  std::vector<Field> fields;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, std::min(colon, line.size()));
    if (colon != std::string_view::npos && berth::http::is_token(name)) {
      fields.push_back({name, berth::http::trim_ows(line.substr(colon + 1))});
    } else {
      fields.push_back({"Forwarded", line});
    }
  }
  return fields;
}

bool same(const Client& a, const Client& b) {
  return a.address.text() == b.address.text() && a.scheme == b.scheme;
}

void check_elements(std::string_view value) {
  for (const Quotes quotes : {Quotes::kNone, Quotes::kHide}) {
    const std::array<Field, 1> fields{Field{"Forwarded", value}};
    std::size_t bytes = 0;
    for (ElementsFromTheEnd list(fields, "forwarded", quotes); list.next();) {
      const std::string_view element = list.element();
      check(!element.empty() && lies_in(element, value), "elements lie in the value");
      check(berth::http::trim_ows(element).size() == element.size(), "elements are trimmed");
      bytes += element.size() + 1;
      if (const auto node = berth::http::parse_x_forwarded_for(element)) {
        check(node->host.empty() || lies_in(node->host, element), "a node lies in its element");
      }
      std::array<char, berth::http::kForwardedScratch> scratch{};
      (void)berth::http::parse_forwarded_element(element, scratch);
    }
    check(bytes <= value.size() + 1, "elements do not overlap");
  }
}

struct Family {
  Fields fields;
  std::string_view name;
  std::string_view appended;  // by a trusted proxy, for 203.0.113.9
};
constexpr std::array kFamilies{
    Family{Fields::kXForwarded, "X-Forwarded-For", "203.0.113.9:1"},
    Family{Fields::kForwarded, "Forwarded", "for=\"203.0.113.9:1\";proto=https"},
};

void check_family(const std::vector<Field>& fields, const Family& family) {
  TrustedProxies trusted;
  trusted.fields = family.fields;
  trusted.addresses.add(address("10.0.0.0").bytes(), 8);
  const RawAddress proxy = address("10.0.0.1");
  const RawAddress stranger = address("198.51.100.1");
  check(same(find_client(fields, trusted, stranger), {stranger, {}}), "a stranger is not believed");
  const Client found = find_client(fields, trusted, proxy);
  check(found.address.size() > 0, "there is always an address");
  check(found.scheme.empty() || found.scheme == "http" || found.scheme == "https", "the scheme");

  // A further line, and an element behind the last one.
  std::vector<Field> more = fields;
  more.push_back({family.name, family.appended});
  more.push_back({"X-Forwarded-Proto", "https"});
  const Client told = find_client(more, trusted, proxy);
  check(told.address.text() == "203.0.113.9:1" && told.scheme == "https", "a line is believed");
  std::string longer;
  for (std::size_t i = fields.size(); i-- > 0;) {
    if (!berth::http::equal_ignoring_case(fields[i].name, family.name)) continue;
    longer = std::string(fields[i].value) + ", " + std::string(family.appended);
    more = fields;
    more[i].value = longer;
    break;
  }
  more.push_back({"X-Forwarded-Proto", "https"});
  check(same(find_client(more, trusted, proxy), told), "what is appended is believed");

  // What a client says of itself in front of that.
  if (!trusted.addresses.contains(found.address)) {
    std::vector<Field> forged = fields;
    forged.insert(forged.begin(), {family.name, "192.0.2.66, for=192.0.2.66, for=\"x, \\"});
    check(find_client(forged, trusted, proxy).address.text() == found.address.text(),
          "nothing in front changes the client");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::vector<Field> fields = fields_of(text);
  for (const Field& field : fields) check_elements(field.value);
  for (const Family& family : kFamilies) check_family(fields, family);
  return 0;
}
