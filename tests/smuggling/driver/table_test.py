"""That the driver can fail: the notation, what is no table, and what is a fault of Berth."""

import pathlib
import tempfile
import unittest

import client
import judge
import table


def read(text):
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "words.txt").write_text("let get = GET / HTTP/1.1\\r\\n\n", encoding="ascii")
        pathlib.Path(folder, "family.txt").write_text(text, encoding="ascii")
        return table.read_table(folder)


def outcome(*replies):
    return client.outcome_of(b"".join(
        f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n{fields}\r\n".encode("ascii") for status, fields in replies))


OK = (200, "Understood: GET / h 0\r\n")
CLOSE = (400, "Connection: close\r\n")
PROBE = (200, "Understood: GET /probe h 0\r\nConnection: close\r\n")


class Notation(unittest.TestCase):
    def test_escapes_words_and_repeats(self):
        case, = read("a | forbidden | 400 | RFC 9112 s5 MUST\n  {get}\\x00\\t\n  {3*a\\n}\\\\\n")
        self.assertEqual(case.raw, b"GET / HTTP/1.1\r\n\0\ta\na\na\n\\")
        self.assertEqual(case.sent, case.raw + table.PROBE)
        self.assertEqual((case.statuses, case.probe, case.place), ([400], False, "family.txt:1"))

    def test_a_set_makes_a_case_of_each_row(self):
        cases = read("set s\n  a = x\n  b =\nset t\n  c = z\n"
                     "n_[s]_[t] | allowed | 100 200 probe | RFC 9110 s5\n  [s][t][::1]\n  = GET [t]\n")
        self.assertEqual([(case.name, case.raw) for case in cases], [("n_a_c", b"xz[::1]"), ("n_b_c", b"z[::1]")])
        self.assertEqual((cases[0].understood, cases[0].statuses, cases[0].probe), (["GET z"], [100, 200], True))

    def test_what_is_no_table_is_refused(self):
        for text in ("  stray\n", "a | forbidden | 400\n", "a | strict | 400 | RFC 9112 s5 MUST\n  x\n",
                     "a | forbidden | 400 | RFC 9112 s5\n  x\n", "a | allowed | 200 | RFC 9112 s5\n  x\n",
                     "a | either | 200 | RFC 9112 s5\n  x\n", "a | forbidden | 400 | RFC 9112 s5 MUST\n",
                     "a | forbidden | 400 | RFC 9112 s5 MUST\n  \\y\n", "a | forbidden | 400 | RFC 9112 s5 MUST\n  {no}\n",
                     "[no] | forbidden | 400 | RFC 9112 s5 MUST\n  x\n",
                     2 * "a | forbidden | 400 | RFC 9112 s5 MUST\n  x\n", "set s\n  A = x\n"):
            with self.assertRaises(table.Malformed, msg=text):
                read(text)


class Judge(unittest.TestCase):
    def faults(self, verdict, expected, *replies):
        rule = "RFC 9112 s5 MUST" if verdict == "forbidden" else "RFC 9112 s5"
        case, = read(f"a | {verdict} | {expected} | {rule}\n  x\n  # Why.\n")
        return judge.faults_of_berth(case, outcome(*replies))

    def test_a_refusal_is_no_fault(self):
        self.assertEqual(self.faults("forbidden", "400", CLOSE), [])
        self.assertEqual(self.faults("forbidden", "200 400", OK, CLOSE), [])

    def test_forbidden_accepted_and_kept(self):
        for replies in ([OK], [OK, PROBE], [OK, CLOSE]):
            self.assertTrue(any("keeps" in text for text in self.faults("forbidden", "400", *replies)), replies)

    def test_forbidden_accepted_and_closed_is_only_unexpected(self):
        faults = self.faults("forbidden", "400", (200, "Connection: close\r\n"))
        self.assertEqual(faults, ["replies 200, expected 400"])

    def test_allowed_refused(self):
        self.assertIn("refuses a valid request (RFC 9112 s5)", self.faults("allowed", "200 probe", CLOSE))
        self.assertEqual(self.faults("allowed", "200 probe", OK, PROBE), [])

    def test_another_status_or_no_probe(self):
        self.assertEqual(self.faults("either", "400", (501, "Connection: close\r\n")), ["replies 501, expected 400"])
        self.assertEqual(len(self.faults("either", "200 probe", OK)), 1)

    def test_a_request_hidden_in_a_body_is_served(self):
        hidden = (200, "Understood: GET /smuggled h 0\r\n")
        self.assertIn("serves the request that hides in the body", self.faults("either", "200", OK, hidden))


if __name__ == "__main__":
    unittest.main()
