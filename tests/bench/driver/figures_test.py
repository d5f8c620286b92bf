"""The arithmetic that every figure of the bench goes through."""

import dataclasses
import resource
import unittest

import cells
import figures
import instructions
import machine
import report
from figures import Outcome, Run

QUIET = Run(requests_per_second=1000, cpu_us=5, user_ticks=1, system_ticks=3, p50_us=50, p99_us=90, steal=0,
            other_load=0, completed=1000, errors=0, refused_per_second=0, ping_pong_ns=(100, 110))


def like_quiet(**changes):
    return dataclasses.replace(QUIET, **changes)


class Rejection(unittest.TestCase):
    def test_reasons(self):
        for changes, reason in (
                ({}, None),
                ({"steal": figures.MOST_STEAL}, None),
                ({"steal": figures.MOST_STEAL + 0.001}, "steal"),
                ({"other_load": figures.MOST_OTHER_LOAD + 0.001}, "other load"),
                ({"ping_pong_ns": (100, 500)}, "cores moved"),
                ({"ping_pong_ns": (500, 100)}, "cores moved"),
                ({"ping_pong_ns": (480, 500)}, None),
                ({"errors": 1}, None),
                ({"errors": 2}, "broken connections"),
                ({"completed": 0}, None),  # a server that does not get to it is one that we want to see
                ({"completed": 0, "errors": 1}, "broken connections")):
            with self.subTest(changes):
                self.assertEqual(figures.reason_to_reject(like_quiet(**changes)), reason)

    def test_only_accepted_runs_reach_the_summary(self):
        outcome = Outcome()
        self.assertTrue(outcome.add(like_quiet(requests_per_second=10)))
        self.assertFalse(outcome.add(like_quiet(requests_per_second=1, steal=0.5)))
        self.assertFalse(outcome.add(like_quiet(requests_per_second=1, steal=0.5)))
        self.assertEqual(outcome.in_state("near").requests_per_second, 10)
        self.assertEqual(outcome.rejections(), {"steal": 2})
        self.assertIsNone(outcome.without_weight())

    def test_where_no_run_counts_the_rejected_are_told_apart(self):
        outcome = Outcome()
        outcome.add(like_quiet(requests_per_second=7, steal=0.5))
        self.assertIsNone(outcome.in_state("near"))
        self.assertEqual(outcome.without_weight().requests_per_second, 7)


class States(unittest.TestCase):
    def test_runs_are_summed_up_within_their_state(self):
        outcome = Outcome()
        for speed, nanoseconds in ((30, 100), (10, 500), (50, 120), (40, 90)):
            outcome.add(like_quiet(requests_per_second=speed, ping_pong_ns=(nanoseconds, nanoseconds)))
        self.assertEqual(outcome.in_state("near").requests_per_second, 40)
        self.assertEqual(outcome.in_state("far").requests_per_second, 10)
        self.assertEqual(outcome.in_state("near").runs, 3)

    def test_fullest_takes_the_state_that_all_have_most_of(self):
        near, mixed = Outcome(), Outcome()
        for nanoseconds in (100, 100, 100):
            near.add(like_quiet(ping_pong_ns=(nanoseconds, nanoseconds)))
        for nanoseconds in (100, 500, 500):
            mixed.add(like_quiet(ping_pong_ns=(nanoseconds, nanoseconds)))
        self.assertEqual(figures.fullest([near, mixed]), 1)
        self.assertEqual(figures.fullest([near]), 3)
        self.assertEqual(figures.fullest([]), 0)


class Arithmetic(unittest.TestCase):
    def test_median(self):
        self.assertEqual(figures.median_of([3, 1, 2]), 2)
        self.assertEqual(figures.median_of([4, 1, 2, 3]), 2.5)
        self.assertEqual(figures.median_of([None, 7]), 7)
        self.assertIsNone(figures.median_of([]))

    def test_ratio(self):
        self.assertEqual(figures.ratio(3, 2), 1.5)
        self.assertIsNone(figures.ratio(3, 0))
        self.assertIsNone(figures.ratio(None, 2))
        self.assertIsNone(figures.ratio(3, None))

    def test_the_division_of_cpu_time_is_that_of_all_runs(self):
        runs = [like_quiet(user_ticks=0, system_ticks=4), like_quiet(user_ticks=2, system_ticks=2)]
        self.assertEqual(figures.summary_of(runs).user_share, 0.25)

    def test_differences(self):
        self.assertEqual(figures.per_connection(1000, 10000, 10, 100), 100)
        self.assertEqual(figures.per_request(5000, 9000, 1, 3), 2000)

    def test_for_each(self):
        self.assertEqual(figures.for_each(1000, 5000, 4), 1000)
        self.assertEqual(figures.for_each(5000, 1000, 4), 0)
        self.assertIsNone(figures.for_each(1000, 5000, 0))

    def test_what_got_no_good_answer_has_failed(self):
        self.assertEqual(figures.failed({"completed": 9, "refused": 1, "errors": 20, "unanswered": 300}), 321)

    RESULT = {"seconds": 2, "completed": 1000, "refused": 10, "errors": 0, "p50_us": 1, "p99_us": 2,
              "uploads_cut": 0, "server_cpu_seconds": 1.5, "server_user_ticks": 50, "server_system_ticks": 100,
              "server_waited_seconds": 0.06, "generator_cpu_seconds": 1.9, "core_busy_seconds": [1.6, 7, 2.0],
              "steal_seconds": [0.1, 9, 0.1], "beside_completed": 40}

    def test_a_run_out_of_what_the_generator_says(self):
        run = figures.run_of(self.RESULT, 0, 2, (100, 100))
        self.assertEqual(run.requests_per_second, 500)
        self.assertEqual(run.cpu_us, 1500)
        self.assertAlmostEqual(run.steal, 0.1)
        self.assertEqual(run.refused_per_second, 5)
        self.assertEqual(run.beside_per_second, 20)

    def test_others_count_where_somebody_waited_for_them(self):
        for waited, load in ((0.06, 0.08), (0, 0.05), (1.5, 0.1)):
            with self.subTest(waited):
                run = figures.run_of(self.RESULT | {"server_waited_seconds": waited}, 0, 2, (100, 100))
                self.assertAlmostEqual(run.other_load, load)

    def test_a_run_without_an_answer(self):
        run = figures.run_of(self.RESULT | {"completed": 0}, 0, 2, (100, 100))
        self.assertEqual((run.requests_per_second, run.cpu_us), (0, None))


class Counts(unittest.TestCase):
    def test_perf(self):
        counts = machine.counts_in("# started\n\n123,,instructions:u,1,100.00,,\n<not supported>,,instructions:k,0\n")
        self.assertEqual(counts, {"user_instructions": 123, "kernel_instructions": None})

    def test_memory(self):
        rollup = "0-f ---p 0 00:00 0  [rollup]\nRss:    9 kB\nPss:   4 kB\nPrivate_Dirty:  8 kB\n"
        self.assertEqual(machine.resident_bytes_in(rollup), 9 * 1024)
        sockstat = "sockets: used 9\nTCP: inuse 2 orphan 0 tw 5 alloc 2 mem 17\nUDP: inuse 0 mem 3\n"
        self.assertEqual(machine.tcp_bytes_in(sockstat), 17 * resource.getpagesize())

    def test_callgrind(self):
        self.assertEqual(instructions.totals_in("events: Ir\nsummary: 17\n\nfn=(1)\n1 17\ntotals: 17\n"), 17)
        self.assertEqual(instructions.totals_in("events: Ir\n"), 0)


class Goals(unittest.TestCase):
    def result(self, ours, theirs):
        cell = next(cell for cell in cells.timed_cells() if cell.name == "echo-4k")
        outcomes = {"berth": Outcome(), "libh2o": Outcome()}
        outcomes["berth"].add(like_quiet(requests_per_second=ours))
        outcomes["libh2o"].add(like_quiet(requests_per_second=theirs))
        return {"cells": {"echo-4k": report.cell_as_dict(cell, outcomes)}}

    def test_met_and_missed(self):
        goal = cells.Goal("echo-4k", "requests_per_second", "libh2o", 1.0, True)
        for ours, met in ((99, False), (100, True)):
            told = report.goal_as_dict(goal, self.result(ours, 100))["measured"]
            self.assertEqual(told, {"near": {"value": ours / 100, "met": met}})

    def test_a_goal_of_the_other_state_is_not_measured(self):
        goal = cells.Goal("echo-4k", "requests_per_second", "libh2o", 1.0, True, "far")
        self.assertEqual(report.goal_as_dict(goal, self.result(1, 1))["measured"], {})

    def test_figures_without_a_state(self):
        bytes_each = cells.Goal(cells.IDLE, "bytes_each", None, 512, False)
        result = {"cells": {}, cells.IDLE: {"berth": {"bytes_each": 600}}}
        self.assertEqual(report.goal_as_dict(bytes_each, result)["measured"], {"any": {"value": 600, "met": False}})
        self.assertEqual(report.goal_as_dict(bytes_each, {"cells": {}})["measured"], {})

    SLOW = {"open": 5000, "rate": 80000, "requests": 400000, "failed": 0, "failed_alone": 0, "p50_us": 20,
            "p99_us": 900, "p50_us_alone": 15, "p99_us_alone": 400, "bytes_each": 2048, "bytes_in_all": 10485760,
            "kernel_bytes_each": 512, "instructions_alone": 2500, "instructions_beside": 2875,
            "instructions_ratio": 1.15}

    def test_slow_clients(self):
        result = {"cells": {}, "slow": {"slow-headers": {"berth": self.SLOW, "Go": {"failure": "broke"}}}}
        told = {goal.metric: report.goal_as_dict(goal, result)["measured"]["any"]["met"]
                for goal in cells.goals() if goal.cell == "slow-headers"}
        self.assertEqual(told, {"failed": True, "instructions_ratio": False, "bytes_each": True})
        text = "\n".join(report.slow_lines(result["slow"]))
        self.assertIn("| slow-headers | berth | 5,000 | 400,000 | 80,000 | 0 | 20 (15) | 900 (400) | 2,875 (2,500) | "
                      "1.150 | 2.0 | 10.0 | 0.5 | - |", text)
        self.assertIn("| slow-headers | Go | broke | - |", text)

    def test_every_goal_names_a_cell_and_contenders_that_exist(self):
        known = {cell.name: {contender.name for contender in cell.contenders} for cell in cells.timed_cells()}
        for goal in cells.goals():
            if goal.cell in known:
                self.assertIn(goal.against, known[goal.cell])
            else:
                self.assertIn(goal.cell, [cells.INSTRUCTIONS, cells.IDLE] + [attack.name for attack in cells.attacks()])
            self.assertIn(goal.metric, report.METRICS)

    def test_the_tables_show_what_was_measured(self):
        result = self.result(300, 100) | {"date": "2026-01-01", "kernel": "6.1", "cpu": "x", "cores": 2, "rounds": 1,
                                          "window_ms": 500}
        result["goals"] = [report.goal_as_dict(goal, result) for goal in cells.goals()]
        text = report.markdown(result)
        self.assertIn("| berth | near | 1 | 300 | 1.00 |", text)
        self.assertIn("| libh2o | near | 1 | 100 | 3.00 | 5.00 (1.25, 3.75) |", text)
        self.assertIn("| echo-4k | requests/s against libh2o | at least 1 | 3.00 near: met |", text)
        self.assertIn("not measured", text)


if __name__ == "__main__":
    unittest.main()
