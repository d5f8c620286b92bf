"""The servers that are compared: how each is started, and what it has to be told."""

import os

from process import Server, free_port


# Left out under valgrind 3.19, which does not know openat2(2).
FILES = '  - { pattern: "GET /files/{path...}", handler: files.directory, config: { root: "%s" } }\n'


class Servers:
    """Starts servers on `core`; their files lie in `scratch`."""

    def __init__(self, root, scratch, core):
        self._root = root
        self._scratch = scratch
        self._core = core
        self._built = os.path.join(root, "build", "release")
        self._peers = os.path.join(root, "build", "bench")
        with open(os.path.join(scratch, "big"), "wb") as file:
            file.write(b"b" * (1 << 20))
        with open(os.path.join(scratch, "page"), "wb") as file:
            file.write(b"b" * (64 << 10))

    def start(self, name, settings=None, prefix=(), core=None):
        """One of berth, raw, threads, nginx, libh2o, Kore and Go, as a context manager. `settings` go into berth's
        configuration: "limits" and "timeouts" beside the others of those sections, "more" as sections of their
        own. `prefix` is put before the command: that of valgrind, where berth serves no files."""
        port = free_port()
        command = getattr(self, "_" + name.lower())(port, (settings or {}) | {"files": not prefix})
        log = os.path.join(self._scratch, f"{name}-{port}.log")
        # Of its own, or the next start reads what this one has kept.
        state = os.path.join(self._scratch, f"{name}-{port}.state")
        return Server(["env", f"STATE_DIRECTORY={state}", *prefix, *command], self._core if core is None else core, port, log)

    def _fill(self, template, port, **values):
        values |= {"port": port, "scratch": self._scratch}
        with open(os.path.join(self._root, "tests", "bench", "peers", template), encoding="ascii") as file:
            text = file.read()
        for name, value in values.items():
            text = text.replace(f"@{name}@", str(value))
        path = os.path.join(self._scratch, f"{port}-{template}")
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        return path

    def _berth(self, port, settings):
        def others(section):
            return ", " + settings[section] if section in settings else ""

        path = self._fill("berth.yaml", port, limits=others("limits"), timeouts=others("timeouts"),
                          more=settings.get("more", ""),
                          files=FILES % self._scratch if settings["files"] else "",
                          bench=os.path.join(self._built, "tests", "bench", "plugins", "bench.so"))
        return [os.path.join(self._built, "berth"), "run", "--no-supervisor", "--allow-root", "-c", path]

    def _raw(self, port, _):
        return [os.path.join(self._built, "tests", "bench", "bench_raw"), str(port)]

    def _threads(self, port, _):
        return [os.path.join(self._built, "tests", "bench", "bench_threads"), str(port)]

    def _nginx(self, port, _):
        return ["/usr/sbin/nginx", "-p", self._scratch, "-c",
                self._fill("nginx.conf", port, modules="/usr/lib/nginx/modules")]

    def _libh2o(self, port, _):
        return [os.path.join(self._peers, "h2o"), str(port)]

    def _kore(self, port, _):
        module = os.path.join(self._peers, "kore.so")
        # In the foreground, without chroot and without another user.
        return ["kore", "-f", "-n", "-r", "-c", self._fill("kore.conf", port, module=module)]

    def _go(self, port, _):
        return [os.path.join(self._peers, "go"), str(port), self._scratch]
