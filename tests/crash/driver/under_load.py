"""Sections with one server and busy clients: handlers that crash, hosts that are killed, upgrades, quarantine."""

import time

import noise
from clients import NEW_CONNECTIONS, Load, total
from goals import Goal
from report import number
from section import Times, connect_goals, exactly, found, load_goals, say, settle_at_rest
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
        self.incidents = []
        self.times = Times()  # until anybody was served on a new connection
        self.replaced = Times()  # until the next host has served

    def __enter__(self):
        self.server.__enter__()
        try:
            self._host = self.server.host("/who")
            self._began = time.monotonic()
            self.load = Load(self._given.build, self.server.port, [(self._given.clients, "/who")], "/who",
                             self._given.cores[1], self._given.pause_us)
        except BaseException:
            self.server.stop()
            raise
        self._noise = noise.Noise(self._given.cores, [self.server.pid, self.load.pid])
        return self

    def __exit__(self, *_):
        self.load.__exit__()
        self.server.stop()

    def _read(self):
        return None if self._given.short else self._noise.read()

    def happen(self, verb, *words):
        """One incident: what came of it, and the counts behind it."""
        settle_at_rest(self._given, self._began, self.load)
        before = self._read()
        told = self.load.tell(verb, self._host, *words)
        after = self._read()
        self.times.add(told["served_us"], before, after)
        self.replaced.add(told["replaced_us"], before, after)
        self._host = told["process"]
        self._began = time.monotonic()
        self.incidents.append(told)
        counts = self.load.wait_until_all_are_answered()
        if len(self.incidents) % 10 == 0:
            say(f"  {len(self.incidents)}: {self.replaced.shown()}, failed {total(counts, 'failed')}")
        return counts


def busy(given, standby):
    """One request after the other crashes its handler."""
    with _Beside(given, "standby" if standby else "busy", "standby: true\n" if standby else "") as beside:
        for number_of in range(given.crashes):
            beside.happen("crash", f"/now/null?{number_of}")
        counts = beside.load.end()
        wanted = given.crashes
        goals = [exactly("crashes whose request got a 500", wanted,
                         sum(incident["status"] == 500 for incident in beside.incidents)),
                 *load_goals(counts, beside.incidents)]
        if not given.short:
            goals.append(Goal("from the crash to the next request served on a new connection, by any host", "-",
                              beside.times.shown(), True, False))
            goals.append(median_goal("by the next host", beside.replaced, GOAL_STANDBY_MS if standby else None))
        title = f"{number(wanted)} crashes beside {given.clients} busy connections, {'with' if standby else 'without'} standby"
        return found(title, goals, beside.times.line(), counts, beside.server)


def median_goal(what, times, most_ms):
    met = most_ms is None or (times.median is not None and times.median <= most_ms)
    return Goal(what, "-" if most_ms is None else f"median at most {most_ms} ms", times.shown(), met, False)


def kill(given):
    """kill -9, again and again: what was in flight is lost, and nothing else."""
    clients = given.clients + NEW_CONNECTIONS
    with _Beside(given, "kill") as beside:
        lost = 0
        most = 0
        for _ in range(given.kills):
            counts = beside.happen("kill")
            most = max(most, total(counts, "lost") - lost)
            lost = total(counts, "lost")
        counts = beside.load.end()
        goals = [exactly("hosts killed and replaced", given.kills, len(beside.incidents)),
                 Goal("requests lost in flight, of one kill", f"at most {clients}, one a client", number(most), most <= clients,
                      True),
                 exactly("other requests that failed, of " + number(total(counts, "completed")), 0,
                         total(counts, "failed")),
                 *connect_goals(counts, beside.incidents)]
        if not given.short:
            goals.append(median_goal("from the kill to the next request served on a new connection", beside.times,
                                     GOAL_KILL_MS))
        lines = [f"Lost in flight in all: {number(lost)}.", "", *beside.times.line()]
        return found(f"{number(given.kills)} kills of the host beside {given.clients} busy connections", goals, lines,
                     counts, beside.server)


def upgrade(given):
    """`berth upgrade`, again and again."""
    with _Beside(given, "upgrade") as beside:
        done = replaced = 0
        times = Times()
        host = beside.server.host("/who")
        for _ in range(given.upgrades):
            beside.load.wait_until_all_are_answered()
            began = time.monotonic()
            status, out, err = beside.server.verb("upgrade", "-c", beside.server.configuration)
            times.add((time.monotonic() - began) * 1e6, None, None)
            if status != 0:
                say(f"berth upgrade: {status} {out}{err}")
            done += status == 0
            before, host = host, beside.server.host("/who")
            replaced += host != before
        beside.load.wait_until_all_are_answered()
        counts = beside.load.end()
        goals = [exactly("upgrades that were done", given.upgrades, done),
                 exactly("of them with a new host behind them", given.upgrades, replaced),
                 *load_goals(counts, [])]
        lines = [f"An upgrade takes {times.shown()}.", ""]
        return found(f"{number(given.upgrades)} upgrades beside {given.clients} busy connections", goals, lines, counts,
                     beside.server)


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
        return found(title, goals, [], counts, server)
