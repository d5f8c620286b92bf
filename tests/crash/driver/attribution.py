"""Crashes of twelve kinds, in five plugins and two generations: whether each report tells who it was."""

import concurrent.futures
import hashlib
import os
import time
from dataclasses import dataclass

import process
from goals import Goal
from report import number
from section import QUICK_SECONDS, Found, exactly, say
from server import Crashing

PLUGINS = "abcde"
GENERATIONS = (1, 2)  # each is a release of all plugins


@dataclass(frozen=True)
class Kind:
    how: str
    what: str  # how that line begins
    of_allocator: bool = False  # a sanitizer has its own


KINDS = (
    Kind("null", "SIGSEGV: wrote to address 0x0, a null pointer"),
    Kind("wild", "SIGSEGV: read from address 0x10000, where nothing is"),
    Kind("noncanonical", "SIGSEGV: read from an address that no memory can have"),
    Kind("overflow", "SIGSEGV: the stack ran over"),
    Kind("divide", "SIGFPE: an integer division by zero"),
    Kind("illegal", "SIGILL: an instruction that this processor does not have"),
    Kind("abort", "SIGABRT: abort() was called"),
    Kind("assert", "SIGABRT: berth: "),
    Kind("exit", "exit(3) was called: a plugin is not to end the process"),
    Kind("terminate", "SIGABRT: std::terminate() for std::runtime_error: nobody catches me"),
    Kind("free_twice", "SIGABRT: free(): double free detected", True),
    Kind("overrun", "SIGABRT: double free or corruption", True),
)
HEAP = "heap corruption: "


def deploy(given, server_folder, release):
    """The release's file as five plugins, each with a build-id of its own. Name -> build-id."""
    with open(given.plugin(release), "rb") as file:
        image = file.read()
    build_ids = {}
    for name in PLUGINS:
        path = os.path.join(server_folder, f"{name}.so")
        aside = path + ".aside"
        with open(aside, "wb") as file:
            file.write(image)
        own = hashlib.sha1(f"{name} {release}".encode()).digest()
        before = bytes.fromhex(given.build_ids[release])
        if image.count(before) != 1:
            raise process.Failed(f"{given.plugin(release)}: its build-id does not stand in it once")
        with open(aside, "wb") as file:
            file.write(image.replace(before, own))
        os.rename(aside, path)
        build_ids[name] = own.hex()
    return build_ids


@dataclass(frozen=True)
class Blow:
    """One crash, as it is made."""

    number: int
    kind: Kind
    plugin: str
    generation: int


def blows_of(given, server):
    """Of one server, in their order: all servers together make each kind in each plugin and generation."""
    kinds = list(enumerate(KINDS))
    if given.short:
        chosen = [(kind, PLUGINS[server]) for i, kind in kinds if i % given.servers == server]
    else:
        chosen = [(kind, PLUGINS[(i + server) % len(PLUGINS)]) for i, kind in kinds]
    chosen = [(kind, plugin) for kind, plugin in chosen if not (given.sanitized and kind.of_allocator)]
    return [Blow(i, kind, plugin, generation) for i, (generation, (kind, plugin)) in enumerate(
        (generation, pair) for generation in GENERATIONS for pair in chosen)]


def configuration(given):
    request_id = os.path.join(given.build, "plugins", "request_id.so")
    text = f"quarantine: off\nplugins:\n  request_id: {{ file: {request_id} }}\n"
    text += "".join(f"  {name}: {{ file: ./{name}.so }}\n" for name in PLUGINS) + "routes:\n"
    for name in PLUGINS:
        text += f'  - {{ pattern: "GET /{name}/who", handler: {name}.who }}\n'
        text += f'  - {{ pattern: "GET /{name}/now/{{how}}", handler: {name}.now, with: [request_id.assign] }}\n'
    return text


def wrong_in(report, expected):
    """Sentences, one for each line of the report that is not as expected."""
    wrong = []
    for key, value in expected.items():
        told = report.get(key)
        right = str(told or "").startswith(value) if key in ("what", "suspect") and value else told == value
        if not right:
            wrong.append(f"{key} is {told!r}, not {value!r}")
    return wrong


@dataclass
class Told:
    """What a report told about a blow."""

    blow: Blow
    wrong: list


def strike(server, blow, build_id, host):
    """Makes one crash and reads its report: what it told, and the host that serves then."""
    target = f"/{blow.plugin}/now/{blow.kind.how}?{blow.number}"
    request_id = f"request-{blow.number}"
    before = server.reports()
    server.get(target, {"X-Request-Id": request_id})
    after = server.host(f"/{blow.plugin}/who", host)
    names = server.reports() - before
    if len(names) != 1:
        return Told(blow, [f"there are {len(names)} reports"]), after
    expected = {
        "what": blow.kind.what, "plugin": blow.plugin, "version": f"{blow.generation}.0.0", "build_id": build_id,
        "generation": str(blow.generation), "route": f"GET /{blow.plugin}/now/{{how}}", "request": f"GET {target}",
        "request_id": request_id, "process": str(host), "suspect": HEAP if blow.kind.of_allocator else None,
    }
    return Told(blow, wrong_in(server.report(names.pop()), expected)), after


def strike_all(given, server, index, build_ids):
    """All blows of one server: what each report told, and how the server ended."""
    told = []
    generation = GENERATIONS[0]
    host = server.host("/a/who")
    for blow in blows_of(given, index):
        if blow.generation != generation:
            generation = blow.generation
            build_ids = deploy(given, server.folder, generation)
            server.reload()
        began = time.monotonic()
        one, host = strike(server, blow, build_ids[blow.plugin], host)
        told.append(one)
        if not given.short:
            time.sleep(max(0.0, began + QUICK_SECONDS - time.monotonic()))
    return told, server.stop()


def attribution(given):
    """Servers at once, as each of them may crash only now and then."""
    servers = []
    began = time.monotonic()
    try:
        for index in range(given.servers):
            folder = given.folder(f"attribution-{index}")
            build_ids = deploy(given, folder, GENERATIONS[0])
            servers.append((Crashing(given.build, folder, None, configuration(given)), build_ids))
            servers[-1][0].__enter__()
        with concurrent.futures.ThreadPoolExecutor(given.servers) as pool:
            futures = [pool.submit(strike_all, given, server, index, build_ids)
                       for index, (server, build_ids) in enumerate(servers)]
            ended = [future.result() for future in futures]
    finally:
        for server, _ in servers:
            server.stop()
    say(f"  {time.monotonic() - began:.0f} s")
    told = [one for tolds, _ in ended for one in tolds]
    return judged(given, told, [status for _, status in ended])


def judged(given, told, statuses):
    struck = [one for one in told if not one.blow.kind.of_allocator]
    heap = [one for one in told if one.blow.kind.of_allocator]
    wanted = sum(len(blows_of(given, index)) for index in range(given.servers))
    goals = [exactly("crashes with a report, each of another host", wanted, len(told)),
             share_goal("of those where the fault strikes where it is made, right in every line", struck)]
    if heap:
        goals.append(share_goal("of heap corruption, reported as suspect, and right in every line", heap))
    goals.append(exactly("servers that did not end as asked", 0, sum(status != 0 for status in statuses)))
    kinds = {one.blow.kind.how for one in told}
    title = f"{number(len(told))} crashes of {len(kinds)} kinds in {len({one.blow.plugin for one in told})} plugins and " \
            f"{len({one.blow.generation for one in told})} generations"
    lines = ["Lines judged: what, plugin, version, build_id, generation, route, request, request_id, process, suspect. "
             f"Kinds: {', '.join(sorted(kinds))}.", ""]
    wrong = [f"{one.blow.kind.how} in {one.blow.plugin}, generation {one.blow.generation}: {'; '.join(one.wrong)}"
             for one in told if one.wrong]
    return Found(title, goals, lines, wrong)


def share_goal(what, told):
    right = sum(not one.wrong for one in told)
    return Goal(what, "100 %", f"{number(right)} of {number(len(told))}", right == len(told), True)
