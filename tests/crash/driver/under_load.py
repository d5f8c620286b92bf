"""Sections with one server and busy clients: handlers that crash, hosts that are killed, upgrades, quarantine."""

import contextlib
import time

import noise
from clients import NEW_CONNECTIONS, Load, total
from goals import Goal
from report import number
from section import BUSY_SECONDS, MOST_LOAD, QUICK_SECONDS, Times, exactly, found, load_goals, say
from server import Crashing

GOAL_STANDBY_MS = 5
GOAL_KILL_MS = 500
OTHERS = 9  # plugins beside the one that is quarantined
CLIENTS_OF_EACH = 7
ASKED = 20  # requests of the one that is


def configuration(given, more=""):
    return (f"quarantine: off\n{more}plugins:\n  boom: {{ file: {given.plugin()} }}\nroutes:\n"
            '  - { pattern: "GET /who", handler: boom.who }\n'
            '  - { pattern: "GET /now/{how}", handler: boom.now }\n')


class _Beside:
    """A server under load, and one incident after the other."""

    def __init__(self, given, name, more=""):
        self._given = given
        self.server = Crashing(given.build, given.folder(name), given.cores[0], configuration(given, more))
        self.load = None

    def __enter__(self):
        self.server.__enter__()
        try:
            self.host = self.server.host("/who")
            self._began = time.monotonic()
            self.load = Load(self._given.build, self.server.port, [(self._given.clients, "/who")], "/who",
                             self._given.cores[1], self._given.pause_us)
            self.load.wait_until_all_are_answered()
            self.rest()
        except BaseException:
            self.__exit__()
            raise
        self.watch([self.server.pid, self.load.pid])
        return self

    def __exit__(self, *_):
        if self.load:
            self.load.__exit__()
        self.server.stop()

    def watch(self, processes):
        """Whose CPU time is nobody else's."""
        self._noise = noise.Noise(self._given.cores, processes)

    def read(self):
        """The noise until now, where it is looked at."""
        return None if self._given.short else self._noise.read()

    def rest(self):
        if not self._given.short:
            self.load.tell("rest")

    def be_busy(self, old_enough=QUICK_SECONDS):
        """Once its host has lived so long, and others leave the cores alone. The noise until then."""
        if not self._given.short:
            time.sleep(max(0.0, self._began + old_enough - time.monotonic()))
            self._given.patience.wait_for_quiet(MOST_LOAD)
        # Ticks of the kernel are 10 ms: an incident alone is too short to tell who ran beside it.
        before = self.read()
        if not self._given.short:
            self.load.tell("busy")
            time.sleep(BUSY_SECONDS)
        self.load.wait_until_all_are_answered()
        return before

    def happen(self, verb, *words):
        """One incident: what came of it, with the noise before and behind it."""
        before = self.be_busy()
        told = self.load.tell(verb, self.host, *words)
        after = self.read()
        self.replaced_by(told["process"])
        return told, before, after

    def replaced_by(self, host):
        self.host = host
        self._began = time.monotonic()
        self.load.wait_until_all_are_answered()
        self.rest()


class _InTurn:
    """Several servers, to one of which something happens while the hosts of the others grow old enough for it."""

    def __init__(self, given, name, more=""):
        self._given = given
        self._besides = [_Beside(given, f"{name}-{i}", more) for i in range(given.turns)]
        self._stack = contextlib.ExitStack()
        self.incidents = []
        self.replaced = Times()  # until the next host has served
        self.waits = Times()  # the longest of those who connected meanwhile

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            for beside in self._besides:
                stack.enter_context(beside)
            self._stack = stack.pop_all()
        ours = [pid for beside in self._besides for pid in (beside.server.pid, beside.load.pid)]
        for beside in self._besides:
            beside.watch(ours)
        return self

    def __exit__(self, *what):
        return self._stack.__exit__(*what)

    def turn(self):
        """The next of them."""
        self._besides.append(self._besides.pop(0))
        return self._besides[-1]

    def happen(self, verb, *words):
        """One incident. How many were lost by it in flight."""
        beside = self.turn()
        lost = total(beside.load.counts(), "lost")
        told, before, after = beside.happen(verb, *words)
        self.waits.add(told["longest_wait_us"], before, after)
        self.replaced.add(told["replaced_us"], before, after)
        self.incidents.append(told)
        if len(self.incidents) % 10 == 0:
            say(f"  {len(self.incidents)}: {self.replaced.shown()}")
        return total(beside.load.counts(), "lost") - lost

    def found(self, title, goals, lines):
        """`goals`: of the counts of all. Ends all."""
        counts = [kind for beside in self._besides for kind in beside.load.end()]
        return found(title, goals(counts), lines, counts, [beside.server for beside in self._besides])


def busy(given, standby):
    """One request after the other crashes its handler."""
    with _InTurn(given, "standby" if standby else "busy", "standby: true\n" if standby else "") as servers:
        for turn in range(given.crashes):
            servers.happen("crash", f"/now/null?{turn}")

        def goals(counts):
            made = [exactly("crashes whose request got a 500", given.crashes,
                            sum(incident["status"] == 500 for incident in servers.incidents)),
                    *load_goals(counts, servers.incidents)]
            if not given.short:
                made.append(median_goal("from the crash to the next host's first answer, on a new connection",
                                        servers.replaced, GOAL_STANDBY_MS if standby else None))
                made.append(median_goal("the longest that anybody waited who connected meanwhile", servers.waits, None))
            return made
        return servers.found(f"{number(given.crashes)} crashes beside {given.clients} busy connections, "
                             f"{'with' if standby else 'without'} standby", goals, servers.replaced.line())


def median_goal(what, times, most_ms):
    met = most_ms is None or (times.median is not None and times.median <= most_ms)
    return Goal(what, "-" if most_ms is None else f"median at most {most_ms} ms", times.shown(), met, False)


def kill(given):
    """kill -9, again and again: what was in flight is lost, and nothing else."""
    clients = given.clients + NEW_CONNECTIONS
    with _InTurn(given, "kill") as servers:
        lost = [servers.happen("kill") for _ in range(given.kills)]

        def goals(counts):
            made = [exactly("hosts killed and replaced", given.kills, len(servers.incidents)),
                    Goal("requests lost in flight, of one kill", f"at most {clients}, one a client",
                         f"{number(max(lost))}, {number(sum(lost))} in all", max(lost) <= clients, True),
                    *load_goals(counts, servers.incidents, "other requests")]
            if not given.short:
                made.append(median_goal("from the kill to the next host's first answer, on a new connection",
                                        servers.replaced, GOAL_KILL_MS))
            return made
        return servers.found(f"{number(given.kills)} kills of the host beside {given.clients} busy connections", goals,
                             servers.replaced.line())


def upgrade(given):
    """`berth upgrade`, again and again, of one server."""
    times = Times()
    done = 0
    with _Beside(given, "upgrade") as beside:
        for _ in range(given.upgrades):
            before = beside.be_busy(old_enough=0)
            began = time.monotonic()
            status, out, err = beside.server.verb("upgrade", "-c", beside.server.configuration)
            times.add((time.monotonic() - began) * 1e6, before, beside.read())
            if status != 0:
                say(f"berth upgrade: {status} {out}{err}")
                break
            done += 1
            beside.replaced_by(beside.server.host("/who", beside.host))
        counts = beside.load.end()
        goals = [exactly("upgrades that were done, each with a new host behind it", given.upgrades, done),
                 *load_goals(counts, [])]
        if not given.short:
            goals.append(median_goal("how long `berth upgrade` takes", times, None))
        return found(f"{number(given.upgrades)} upgrades beside {given.clients} busy connections", goals, times.line(),
                     counts, [beside.server])


def quarantine(given):
    """One of ten plugins crashes three times and is quarantined."""
    plugins = [f"p{i}" for i in range(OTHERS + 1)]
    text = "plugins:\n" + "".join(f"  {name}: {{ file: {given.plugin()} }}\n" for name in plugins) + "routes:\n"
    for name in plugins:
        text += f'  - {{ pattern: "GET /{name}/who", handler: {name}.who }}\n'
        text += f'  - {{ pattern: "GET /{name}/now/{{how}}", handler: {name}.now }}\n'
    kinds = [(CLIENTS_OF_EACH, f"/{name}/who") for name in plugins[1:]]
    with Crashing(given.build, given.folder("quarantine"), given.cores[0], text) as server:
        host = server.host("/p1/who")
        with Load(given.build, server.port, kinds, "/p1/who", given.cores[1], given.pause_us) as load:
            load.wait_until_all_are_answered()
            served = sum(answer is not None and answer[0] == 200 for answer in (server.get("/p0/who"),))
            incidents = []
            for i in range(3):
                incidents.append(load.tell("crash", host, f"/p0/now/null?{i}"))
                host = incidents[-1]["process"]
                load.wait_until_all_are_answered()
            answers = [server.get(target) for i in range(ASKED // 2) for target in ("/p0/who", f"/p0/now/null?again{i}")]
            closed = sum(answer is not None and answer[0] == 503 and "Retry-After" in answer[1] for answer in answers)
            load.wait_until_all_are_answered()
            same = server.host("/p1/who") == host
            counts = load.end()
        served_kinds = sum(kind["completed"] > 0 for kind in counts[1:])
        goals = [exactly("the one serves before it crashes", 1, served),
                 exactly("of its 3 crashes, those whose request got a 500", 3,
                         sum(incident["status"] == 500 for incident in incidents)),
                 exactly(f"of {ASKED} requests to it then, those answered 503 with Retry-After", ASKED, closed),
                 exactly("hosts that end of these", 0, 0 if same else 1),
                 Goal("the others: those of nine that were answered before, during and after", str(OTHERS),
                      str(served_kinds), served_kinds == OTHERS, True),
                 *load_goals(counts, incidents)]
        title = f"one of ten plugins crashes 3 times and is quarantined, beside {OTHERS * CLIENTS_OF_EACH} busy " \
                "connections to the nine others"
        return found(title, goals, [], counts, [server])
