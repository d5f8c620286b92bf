"""The arithmetic of the soak, and what is read out of /proc."""

import random
import unittest

import server
import slopes


class Slopes(unittest.TestCase):
    def test_a_line_has_its_slope_and_no_doubt(self):
        slope = slopes.slope_of([(n, 5 + 0.25 * n) for n in range(1000)])
        self.assertAlmostEqual(slope.per_thousand, 250)
        self.assertAlmostEqual(slope.margin, 0)

    def test_noise_around_a_level_has_a_slope_within_its_margin(self):
        noise = random.Random(1)
        slope = slopes.slope_of([(n, 100 + noise.gauss(0, 10)) for n in range(1000)])
        self.assertGreater(slope.margin, 0)
        self.assertLess(abs(slope.per_thousand), 2 * slope.margin)

    def test_a_leak_beside_noise_is_told(self):
        noise = random.Random(2)
        slope = slopes.slope_of([(n, 0.1 * n + noise.gauss(0, 10)) for n in range(1000)])
        self.assertGreater(slope.per_thousand - slope.margin, 0)
        self.assertAlmostEqual(slope.per_thousand, 100, delta=2 * slope.margin)

    def test_few_points_tell_nothing(self):
        self.assertIsNone(slopes.slope_of([(n, n) for n in range(39)]))

    def test_growth_leaves_the_first_reloads_out(self):
        points = [(n, 10 if n < 50 else 100 + (5 if n > 950 else 0)) for n in range(1000)]
        self.assertAlmostEqual(slopes.growth_of(points, 50), 0.05)
        self.assertIsNone(slopes.growth_of(points[:55], 50))


class Maps(unittest.TestCase):
    def test_images_are_counted_by_file(self):
        maps = ("7f00-7f01 r--p 00000000 fe:00 12 /s/plugins/9/app.3.abc.so (deleted)\n"
                "7f01-7f02 r-xp 00001000 fe:00 12 /s/plugins/9/app.3.abc.so (deleted)\n"
                "7f03-7f04 r-xp 00001000 fe:00 13 /s/plugins/9/app.4.abc.so\n"
                "7f05-7f06 r-xp 00001000 fe:00 14 /lib/libc.so.6\n"
                "7f07-7f08 rw-p 00000000 00:00 0\n")
        self.assertEqual(len(server.images_in(maps, "/s")), 2)


if __name__ == "__main__":
    unittest.main()
