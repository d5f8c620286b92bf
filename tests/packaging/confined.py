"""A berth confined as berth.service confines it serves, reloads, is replaced after a kill and upgrades.

What systemd would do to its system calls is done here by a filter of our own, made from the unit itself, so that no systemd
has to run: SystemCallFilter=, MemoryDenyWriteExecute=, RestrictAddressFamilies= and RestrictNamespaces= (systemd.exec(5)).
"""

import argparse
import ctypes
import errno
import http.client
import mmap
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

PATIENCE = 60  # seconds that anything may take
SKIPPED = 77
USER = 65532  # that root serves as

# linux/filter.h, linux/seccomp.h, linux/prctl.h
LOAD, JUMP_EQUAL, JUMP_ANY_BIT, AND, RETURN = 0x20, 0x15, 0x45, 0x54, 0x06
ALLOW, REFUSE = 0x7FFF0000, 0x00050000
NUMBER, FIRST_ARGUMENT = 0, 16
SET_NO_NEW_PRIVILEGES, SET_SECCOMP, MODE_FILTER = 38, 22, 2
NEW_NAMESPACES = 0x7E020000 | 0x80


def settings(unit):
    """The values of each key of the unit, in their order."""
    found = {}
    with open(unit, encoding="ascii") as lines:
        for line in lines:
            key, is_setting, value = line.strip().partition("=")
            if is_setting and not key.startswith("#"):
                found.setdefault(key, []).append(value)
    return found


def members(name):
    """The system calls of a set, such as @process, or the one of that name."""
    if not name.startswith("@"):
        return {name}
    said = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager", name], capture_output=True, text=True,
                          check=True, timeout=PATIENCE).stdout
    return set().union(*(members(word) for word in said.split("\n    ")[1:] if not word.startswith("#")))


def allowed_calls(lists):
    allowed = members("@default")
    for value in lists:
        names = set().union(*(members(name) for name in value.lstrip("~").split()))
        allowed = allowed - names if value.startswith("~") else allowed | names
    return allowed | members("@default")


def numbers():
    """Of the system calls of this machine, by name."""
    said = subprocess.run(["cc", "-E", "-dM", "-x", "c", "-"], input="#include <asm/unistd.h>\n", capture_output=True, text=True,
                          check=True, timeout=PATIENCE).stdout
    return {name: int(number) for name, number in re.findall(r"#define __NR_(\w+) (\d+)$", said, re.MULTILINE)}


def step(code, operand, then=0, otherwise=0):
    return struct.pack("HBBI", code, then, otherwise, operand)


def refuse(error):
    return step(RETURN, REFUSE | error)


def on_call(number, steps):
    """These steps for that system call; they end in a decision."""
    return [step(JUMP_EQUAL, number, 0, len(steps)), *steps]


def confinement(unit):
    """The filter, and how many system calls it lets through."""
    wanted = settings(unit)
    number = numbers()
    allowed = allowed_calls(wanted["SystemCallFilter"])
    # What it can do is what is tested: one that lost a line would confine nothing.
    assert wanted["SystemCallErrorNumber"] == ["EPERM"] and wanted["RestrictNamespaces"] == ["yes"]
    assert wanted["MemoryDenyWriteExecute"] == ["yes"]
    families = [getattr(socket, name) for name in wanted["RestrictAddressFamilies"][0].split()]

    def argument(index):
        return step(LOAD, FIRST_ARGUMENT + 8 * index)

    both = mmap.PROT_WRITE | mmap.PROT_EXEC
    program = [step(LOAD, NUMBER)]
    program += on_call(number["mmap"], [argument(2), step(AND, both), step(JUMP_EQUAL, both, 0, 1),
                                        refuse(errno.EPERM), step(RETURN, ALLOW)])
    for name in "mprotect", "pkey_mprotect":
        program += on_call(number[name], [argument(2), step(JUMP_ANY_BIT, mmap.PROT_EXEC, 0, 1),
                                          refuse(errno.EPERM), step(RETURN, ALLOW)])
    for name in "socket", "socketpair":
        program += on_call(number[name], [argument(0), *(test for family in families for test in (
            step(JUMP_EQUAL, family, 0, 1), step(RETURN, ALLOW))), refuse(errno.EAFNOSUPPORT)])
    program += on_call(number["clone"], [argument(0), step(JUMP_ANY_BIT, NEW_NAMESPACES, 0, 1),
                                         refuse(errno.EPERM), step(RETURN, ALLOW)])
    # Its flags lie in memory, where no filter looks; glibc asks clone() then.
    program += on_call(number["clone3"], [refuse(errno.ENOSYS)])
    if wanted.get("RestrictSUIDSGID") == ["yes"]:
        program += on_call(number["openat2"], [refuse(errno.ENOSYS)])  # likewise
    known = sorted(number[name] for name in allowed if name in number)
    for call in known:
        program += on_call(call, [step(RETURN, ALLOW)])
    program.append(refuse(errno.EPERM))
    return b"".join(program), len(known)


def confine(steps):
    """This process, and all that it starts."""
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(steps, len(steps))
    program = struct.pack("HP", len(steps) // 8, ctypes.addressof(buffer))
    if libc.prctl(SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0 or libc.prctl(SET_SECCOMP, MODE_FILTER, program, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "seccomp")


def refused(call):
    try:
        call()
    except OSError as error:
        return error.errno
    return 0


# What the filter is to refuse, each with its error.
REFUSED = (
    (lambda: os.sched_setaffinity(0, os.sched_getaffinity(0)), errno.EPERM),
    (lambda: os.chown("/dev/null", -1, -1), errno.EPERM),
    (lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW), errno.EAFNOSUPPORT),
    (lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC), errno.EPERM),
)


def is_confined(steps):
    child = os.fork()
    if child == 0:
        confine(steps)
        os._exit(0 if all(refused(call) == error for call, error in REFUSED) else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


class Server:
    """A context manager: a supervisor and its hosts, confined, of a user that is not root, on a port of their own."""

    def __init__(self, berth, scratch, www, steps):
        # Where they lie that user may not go.
        shutil.copytree(os.path.join(os.path.dirname(berth), "plugins"), os.path.join(scratch, "plugins"),
                        ignore=lambda folder, names: [name for name in names if not name.endswith(".so")])
        shutil.copytree(www, os.path.join(scratch, "www"))
        self._berth = shutil.copy(berth, scratch)
        self._configuration = os.path.join(scratch, "berth.yaml")
        self._log = os.path.join(scratch, "log")
        self._steps = steps
        self._variables = os.environ | {"STATE_DIRECTORY": os.path.join(scratch, "state"),
                                        "RUNTIME_DIRECTORY": os.path.join(scratch, "run")}
        os.chmod(scratch, 0o755)
        for name in "state", "run":
            os.mkdir(os.path.join(scratch, name))
            if os.geteuid() == 0:
                os.chown(os.path.join(scratch, name), USER, USER)
        self.greet("hello")

    def greet(self, greeting):
        with open(self._configuration, "w", encoding="ascii") as file:
            file.write(f"""listen: [{{ name: public, address: "127.0.0.1:0" }}]
plugins:
  hello: {{ file: hello.so }}
  echo: {{ file: echo.so }}
  files: {{ file: static_files.so }}
  request_id: {{ file: request_id.so }}
routes:
  - {{ pattern: "GET /hello/{{name}}", handler: hello, with: [request_id.assign], config: {{ greeting: {greeting} }} }}
  - {{ pattern: "POST /echo", handler: echo.body }}
  - {{ pattern: "GET /static/{{path...}}", handler: files.directory, config: {{ root: www }} }}
standby: true
""")

    def __enter__(self):
        with open(self._log, "w", encoding="ascii") as output:
            self.process = subprocess.Popen(
                [self._berth, "run", "-c", self._configuration], env=self._variables, stdin=subprocess.DEVNULL,
                stdout=output, stderr=output, start_new_session=True, preexec_fn=self._become)
        self.wait_for(" serving version=")
        self.port = int(re.search(r"listener=public address=\S*:(\d+)", self.text())[1])
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def _become(self):
        if os.geteuid() == 0:
            os.setgroups([])
            os.setresgid(USER, USER, USER)
            os.setresuid(USER, USER, USER)
        confine(self._steps)

    def text(self):
        with open(self._log, encoding="ascii") as file:
            return file.read()

    def wait_for(self, words, times=1):
        end = time.monotonic() + PATIENCE
        while self.text().count(words) < times:
            if self.process.poll() is not None or time.monotonic() > end:
                sys.exit(f"confined: no {words!r} in its log:\n{self.text()}")
            time.sleep(0.02)

    def verb(self, *words):
        done = subprocess.run([self._berth, *words, "-c", self._configuration], env=self._variables, capture_output=True,
                              text=True, timeout=PATIENCE, check=False)
        if done.returncode != 0:
            sys.exit(f"confined: berth {words[0]}: {done.stdout}{done.stderr}\n{self.text()}")
        return done.stdout

    def ask(self, method, target, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request(method, target, body)
        answer = connection.getresponse()
        text = answer.read().decode("ascii")
        connection.close()
        if answer.status != 200:
            sys.exit(f"confined: {method} {target}: {answer.status} {text}\n{self.text()}")
        return text

    def check(self, greeting):
        assert self.ask("GET", "/hello/you") == f"{greeting}, you\n"
        assert self.ask("POST", "/echo", "x" * 100_000) == "x" * 100_000
        assert "<h1>" in self.ask("GET", "/static/index.html")


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(word) for word in file.read().split()]


def main():
    parser = argparse.ArgumentParser()
    for name in "berth", "unit", "www":
        parser.add_argument("--" + name, required=True)
    given = parser.parse_args()
    if subprocess.run(["sh", "-c", "command -v systemd-analyze"], capture_output=True, check=False).returncode != 0:
        print("confined: needs systemd-analyze (tests/dependencies)")
        sys.exit(SKIPPED)
    steps, calls = confinement(given.unit)
    if not is_confined(steps):
        sys.exit("confined: the filter lets through what it is to refuse")
    with tempfile.TemporaryDirectory() as scratch, Server(given.berth, scratch, given.www, steps) as server:
        server.check("hello")
        server.greet("welcome")
        server.verb("reload")
        server.check("welcome")
        for host in children_of(server.process.pid):
            os.kill(host, signal.SIGKILL)
        server.check("welcome")  # the socket waits for the next one
        server.wait_for(" serving version=", 2)
        server.verb("upgrade")
        server.check("welcome")
        server.verb("stop", "--wait")
        assert server.process.wait(PATIENCE) == 0
        for line in server.text().splitlines():
            if re.search(r" (warn|error) ", line) and "was killed by SIGKILL" not in line:
                sys.exit(f"confined: it says: {line}")
    print(f"served with {calls} system calls")


main()
