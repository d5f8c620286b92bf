"""Asks a URL over and over, on a connection each, until standard input ends; then says how many answers were no 200."""

import http.client
import sys
import threading
import urllib.parse

ASKERS = 4


def main():
    url = urllib.parse.urlsplit(sys.argv[1])
    done = threading.Event()
    asked, failed = [0] * ASKERS, []

    def ask(number):
        while not done.is_set():
            connection = http.client.HTTPConnection(url.hostname, url.port, timeout=30)
            try:
                connection.request("GET", url.path, headers={"Connection": "close"})
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    failed.append(f"{answer.status} {answer.reason}")
            except (OSError, http.client.HTTPException) as error:
                failed.append(repr(error))
            finally:
                connection.close()
            asked[number] += 1
            if number == 0 and asked[0] == 100:
                print("asking", flush=True)

    askers = [threading.Thread(target=ask, args=(number,)) for number in range(ASKERS)]
    for asker in askers:
        asker.start()
    sys.stdin.read()
    done.set()
    for asker in askers:
        asker.join()
    print(f"{sum(asked)} asked, {len(failed)} failed", *failed[:5], sep="\n", flush=True)
    sys.exit(1 if failed else 0)


main()
