"""What a server has written, for those who look for what went wrong."""

import re


def text_of(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def report_in(log):
    """A sanitizer's report, or else the end of the log."""
    found = re.search(r"^.*(ThreadSanitizer|AddressSanitizer|LeakSanitizer|runtime error:)", log, re.MULTILINE)
    return log[found.start():][:20000] if found else log[-3000:]
