"""What judges crashes: each of them can tell right from wrong."""

import collections
import unittest

import attribution
import noise
from attribution import GENERATIONS, KINDS, PLUGINS, blows_of, wrong_in
from noise import Reading
from section import Given, Times


def given_with(servers, short, sanitized=False):
    return Given(build="", scratch="", cores=(None, None), short=short, sanitized=sanitized, crashes=0, kills=0,
                 upgrades=0, servers=servers, turns=1)


def made_by(given):
    return collections.Counter((blow.kind.how, blow.plugin, blow.generation)
                               for server in range(given.servers) for blow in blows_of(given, server))


class Blows(unittest.TestCase):
    def test_of_a_whole_run_are_each_kind_twice_in_each_plugin_and_generation(self):
        made = made_by(given_with(10, short=False))
        self.assertEqual(sum(made.values()), 240)
        self.assertEqual(set(made.values()), {2})
        self.assertEqual(len(made), len(KINDS) * len(PLUGINS) * len(GENERATIONS))

    def test_of_a_short_run_are_each_kind_in_each_generation_and_all_plugins(self):
        made = made_by(given_with(5, short=True))
        self.assertEqual(len(made), len(KINDS) * len(GENERATIONS))
        self.assertEqual({plugin for _, plugin, _ in made}, set(PLUGINS))

    def test_a_sanitizer_has_an_allocator_of_its_own(self):
        hows = {how for how, _, _ in made_by(given_with(5, short=True, sanitized=True))}
        self.assertEqual(hows, {kind.how for kind in KINDS if not kind.of_allocator})


class Reports(unittest.TestCase):
    EXPECTED = {"what": "SIGSEGV: wrote", "plugin": "a", "generation": "2", "suspect": None}
    RIGHT = {"what": "SIGSEGV: wrote to address 0x0", "plugin": "a", "generation": "2", "other": "x"}

    def test_each_line_has_to_be_right(self):
        self.assertEqual(wrong_in(self.RIGHT, self.EXPECTED), [])
        for key, value in (("what", "SIGBUS: wrote"), ("plugin", "b"), ("generation", "1"), ("suspect", "heap")):
            with self.subTest(key):
                self.assertEqual(len(wrong_in(self.RIGHT | {key: value}, self.EXPECTED)), 1)

    def test_heap_corruption_has_to_be_suspect(self):
        expected = {"suspect": attribution.HEAP}
        self.assertEqual(wrong_in({"suspect": "heap corruption: the allocator found"}, expected), [])
        self.assertEqual(len(wrong_in({}, expected)), 1)


class Noise(unittest.TestCase):
    BEFORE = Reading(time=10, steal=1, busy=5, ours=2, waited={1: 0.5})

    def after(self, **changes):
        return Reading(**({"time": 12, "steal": 1, "busy": 7, "ours": 4, "waited": {1: 0.5}} | changes))

    def test_what_others_took_from_us_is_told(self):
        self.assertIsNone(noise.reason_to_reject(self.BEFORE, self.after()))
        self.assertEqual(noise.reason_to_reject(self.BEFORE, self.after(steal=1.3)), "steal")
        self.assertEqual(noise.reason_to_reject(self.BEFORE, self.after(busy=8, waited={1: 1.0})), "other load")
        self.assertEqual(noise.reason_to_reject(self.BEFORE, self.after(busy=8, waited={2: 0.5})), "other load")

    def test_what_nobody_waited_for_is_theirs(self):
        self.assertIsNone(noise.reason_to_reject(self.BEFORE, self.after(busy=8)))

    def test_rejected_samples_are_counted_and_no_more(self):
        times = Times()
        times.add(5000, self.BEFORE, self.after())
        times.add(900000, self.BEFORE, self.after(steal=1.5))
        self.assertEqual((times.median, times.rejected), (5, ["steal"]))


if __name__ == "__main__":
    unittest.main()
