// Every number that bounds what a client, a file or a plugin may cost: unit, default, reason,
// source. Where a key of berth.yaml changes a default it is named; the others are fixed.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace berth::base::limits {

using namespace std::chrono_literals;

inline constexpr std::size_t kKiB = 1024;
inline constexpr std::size_t kMiB = 1024 * kKiB;

// --- a request's head (http/)
// --------------------------------------------------------------------------- Bytes from the first
// one of the request line to the empty line. limits.header_block. 431 above it (RFC 6585 s5). nginx
// takes 4 x 8 KiB, Go 1 MiB; a cookie jar fits, a flood does not.
inline constexpr std::size_t kHeaderBlock = 32 * kKiB;
// Field lines. limits.header_fields. 431. Apache's and Poco's default.
inline constexpr std::size_t kHeaderFields = 100;
// Bytes of the request target. limits.target. 414. RFC 9110 s4.1 asks for 8000 at least.
inline constexpr std::size_t kTarget = 8 * kKiB;
// Bytes of the method token; the longest registered one (UPDATEREDIRECTREF) has 17. 501 above it.
inline constexpr std::size_t kMethod = 32;
// CR LF pairs skipped before a request line (RFC 9112 s2.2 says at least one); Go skips 4 bytes
// after a POST.
inline constexpr std::size_t kLeadingEmptyLines = 2;

// --- proxies in front (net/, serve/)
// -------------------------------------------------------------------------------------- Bytes of a
// PROXY header of version 2, of which 16 bits could announce 64 KiB: 232 for the addresses at most,
// the rest for TLVs; certificates' names and a cloud's ids take some hundred bytes. Version 1 has
// 107 in all, by its specification. The connection is closed above it.
inline constexpr std::size_t kProxyHeader = 4 * kKiB;
// Elements of X-Forwarded-For or Forwarded that are followed, each a trusted proxy but the last: no
// chain is half as long, and each costs a parse.
inline constexpr std::size_t kForwardedHops = 32;

// --- a request's body (http/, serve/)
// ------------------------------------------------------------------- Bytes of one chunk-size line
// with its extensions. limits.chunk_line. 400.
inline constexpr std::size_t kChunkLine = 4 * kKiB;
// Chunk overhead: 16 bytes a chunk plus twice the data are free, what is over may sum up to this
// many bytes (Go's rule against CVE-2023-39326). limits.chunk_excess. 400.
inline constexpr std::size_t kChunkExcess = 16 * kKiB;
inline constexpr std::size_t kChunkFree = 16;
// Bytes of a body where the route says nothing. limits.body. 413.
inline constexpr std::uint64_t kBody = 1 * kMiB;
// Bytes of a body that the loop reads ahead, so that the handler can run inline. Above it, chunked
// or with Expect: a thread of its own reads.
inline constexpr std::size_t kReadAhead = 16 * kKiB;
// Bytes of a body nobody read that are read and dropped to keep the connection (Go: 256 KiB).
// limits.unread_body.
inline constexpr std::uint64_t kDrain = 256 * kKiB;
// Bytes per second below which an upload is cut once timeouts.body_grace is over. limits.body_rate.
// Apache mod_reqtimeout's figures.
inline constexpr std::uint64_t kBodyRate = 500;

// --- a response (serve/)
// -------------------------------------------------------------------------------- Bytes of a
// response kept back for an automatic Content-Length (Go: 2048).
inline constexpr std::size_t kResponseBuffer = 2 * kKiB;
// Bytes unsent that a handler may leave to its loop; a write beyond waits for the client.
// limits.unsent.
inline constexpr std::size_t kUnsent = 256 * kKiB;
// Bytes of a file that are read at a time where the kernel cannot send it itself.
inline constexpr std::size_t kFilePiece = 32 * kKiB;
// Bytes of a file that a loop sends before others have their turn.
inline constexpr std::size_t kFileTurn = 1 * kMiB;
// Bytes of a response beyond that which are kept where no thread may wait for its client (the limit
// of client_waits is reached), within limits.buffered; above it the response is cut.
inline constexpr std::size_t kBorrowed = 4 * kMiB;
// Bytes of a response head that a handler may build, trailers included; more is a bug of the
// plugin.
inline constexpr std::size_t kResponseHead = 256 * kKiB;

// --- values (serve/)
// Names of a request's, a connection's or a listener's values, and bytes of them all together:
// what middleware leaves for handlers (a user, a tenant, an id), not a store.
inline constexpr std::size_t kValues = 32;
inline constexpr std::size_t kValueBytes = 8 * kKiB;

// --- deadlines (serve/, app/)
// --------------------------------------------------------------------------- From the first byte
// of a request to the end of its head; not put off by further bytes. timeouts.header.
inline constexpr std::chrono::nanoseconds kHeaderTimeout = 10s;
// After it an upload has to keep kBodyRate. timeouts.body_grace.
inline constexpr std::chrono::nanoseconds kBodyGrace = 20s;
// Without one byte taken by the client. timeouts.write_stall.
inline constexpr std::chrono::nanoseconds kWriteStall = 30s;
// Between two requests. timeouts.idle.
inline constexpr std::chrono::nanoseconds kIdleTimeout = 60s;
// For a handler. timeouts.handler, a route's timeout. 503.
inline constexpr std::chrono::nanoseconds kHandlerTimeout = 30s;
// Inside one handler with no thread left to take the loop over, before /livez says so: long enough
// that no load alone does it.
inline constexpr std::chrono::nanoseconds kLoopStuck = 10s;
// From "stop" to the end of accepting. timeouts.drain_delay.
inline constexpr std::chrono::nanoseconds kDrainDelay = 0s;
// From the end of accepting to cutting what is left. timeouts.shutdown.
inline constexpr std::chrono::nanoseconds kShutdown = 30s;
// At a stop, for the first request of a connection that was just made (Go waits 5 s).
inline constexpr std::chrono::nanoseconds kNewConnectionGrace = 1s;
// Half-closed before closing, so that a client in mid-upload reads its 413 (Go: 500 ms).
// timeouts.linger.
inline constexpr std::chrono::nanoseconds kLinger = 500ms;
// Retry-After of a 503 that says "busy".
inline constexpr std::chrono::seconds kRetryAfter = 1s;

// --- the process (sched/, app/)
// ------------------------------------------------------------------------- limits.connections.
// Above it a connection gets a 503 and is closed.
inline constexpr std::size_t kConnections = 10000;
// Of health listeners, beyond kConnections, so that clients cannot take them all.
inline constexpr std::size_t kHealthConnections = 64;
// Threads beside the loops. limits.threads.
inline constexpr std::size_t kThreads = 64;
// Where there are several plugins, one part in so many of kThreads that calls of one leave to the
// others: calls that never return shall not take them all. plugins.ALIAS.threads.
inline constexpr std::size_t kThreadsOfOthers = 4;
// Threads among them that may wait for clients at a time. limits.client_waits.
inline constexpr std::size_t kClientWaits = 32;
// Exchanges that wait for a thread; above it 503 with Retry-After.
inline constexpr std::size_t kQueue = 1024;
// How long an exchange waits for a thread before it gets a 503 with Retry-After: past that the
// client has mostly given up, and work for it would delay the others.
inline constexpr std::chrono::nanoseconds kQueueTimeout = 5s;
// Spare threads that were not needed for so long end; as many as there are loops stay.
inline constexpr std::chrono::nanoseconds kSpareIdle = 10s;
// Bytes held for clients by all connections together. limits.buffered.
inline constexpr std::uint64_t kBuffered = 256 * kMiB;
// Bytes of the buffer each thread reads into, and so the most that is kept of requests behind the
// one that is served: more stays with the client. limits.read_buffer.
inline constexpr std::size_t kReadBuffer = 64 * kKiB;
// Bytes of a thread's stack: the handler runs on it.
inline constexpr std::size_t kThreadStack = 1 * kMiB;
// A temporary accept error pauses accepting: 5 ms, doubled each time, up to 1 s (Go net/http).
inline constexpr std::chrono::nanoseconds kAcceptPause = 5ms;
inline constexpr std::chrono::nanoseconds kAcceptPauseMax = 1s;
// For another server that is making or removing its Unix socket in the same folder: microseconds,
// unless somebody keeps the folder's lock on purpose.
inline constexpr std::chrono::nanoseconds kUnixLockWait = 1s;
// Permission bits of a Unix listener's file. listen[].mode.
inline constexpr std::uint16_t kUnixMode = 0660;
// TCP keepalive of accepted connections (Go: 15 s).
inline constexpr std::chrono::seconds kTcpKeepAlive = 15s;

// --- handlers that block (sched/)
// ------------------------------------------------------------------- How often the monitor looks
// at the loops, and how long a handler may keep one (prototype: at 10 ms and 256 connections no
// worse than a thread for each connection).
inline constexpr std::chrono::nanoseconds kMonitorPeriod = 1ms;
inline constexpr std::chrono::nanoseconds kStealAfter = 1ms;
// The same for kMonitorAlert after it has taken a loop: who blocked once may do so again.
inline constexpr std::chrono::nanoseconds kMonitorAlertPeriod = 100us;
inline constexpr std::chrono::nanoseconds kAlertStealAfter = 200us;
inline constexpr std::chrono::nanoseconds kMonitorAlert = 1s;
// How long a handler keeps a loop that does nothing but await its turn on a processor: another
// thread would only await it, too. Beyond a few slices of the scheduler something else is wrong.
inline constexpr std::chrono::nanoseconds kPreemptedMost = 20ms;
// How long a thread that answered a request of a blocking route stays with its connection, if the
// client asked again within this time before: a proxy under load does, a person does not.
inline constexpr std::chrono::nanoseconds kStay = 1ms;
// What it reads then, at most; a longer request is the loop's.
inline constexpr std::size_t kStayInput = 4 * kKiB;
// When nothing ran for so long the monitor sleeps until a loop wakes it.
inline constexpr std::chrono::nanoseconds kMonitorIdle = 100ms;
// A call that took less wall time did not block worth a system call to find out.
inline constexpr std::chrono::nanoseconds kSlowCall = 20us;
// Of a route that is offloaded or proven, every so-many-th call is measured: each measurement is
// four system calls, which is as much as a quick handler costs in all.
inline constexpr unsigned kMeasuredCalls = 8;
// CPU time of one call that counts as blocking the loop; below it the work is done where it is.
inline constexpr std::chrono::nanoseconds kCpuCounts = 500us;
// The most that one call counts for: what it costs its loop until the monitor takes that away.
inline constexpr std::chrono::nanoseconds kBlockingMost = kAlertStealAfter;
// A route whose calls block longer on average runs on threads of its own (a hand-over costs about
// as much), and comes back below the other.
inline constexpr std::chrono::nanoseconds kBlockingOffload = 5us;
inline constexpr std::chrono::nanoseconds kBlockingReturn = 1250ns;

// --- routes (mux/)
// -------------------------------------------------------------------------------------- Bytes and
// segments of a pattern.
inline constexpr std::size_t kPattern = 2 * kKiB;
inline constexpr std::size_t kPatternSegments = 64;

// --- files (config/, plugin/)
// --------------------------------------------------------------------------- Bytes of a
// configuration file, and of all it includes together (faults.md 49).
inline constexpr std::size_t kConfigFile = 4 * kMiB;
// Files that it and those may include, and how deep: a conf.d with a file per service fits.
inline constexpr std::size_t kConfigIncludes = 256;
inline constexpr std::size_t kConfigIncludeDepth = 8;
// Nested collections in it (faults.md 50).
inline constexpr std::size_t kConfigDepth = 64;
// Errors reported at once; the rest is counted.
inline constexpr std::size_t kConfigErrors = 100;
// Bytes of a plugin file.
inline constexpr std::uint64_t kPluginFile = 512 * kMiB;
// What `validate` and a reload wait for the child that loads a plugin. timeouts.probe.
inline constexpr std::chrono::nanoseconds kProbeTimeout = 30s;

// --- reload (app/)
// ------------------------------------------------------------------- How long requests of a plugin
// that was replaced may go on before they are cancelled. timeouts.drain, plugins.ALIAS.drain.
inline constexpr std::chrono::nanoseconds kPluginDrain = 30s;
// From there to cutting their connections, hijacked ones included.
inline constexpr std::chrono::nanoseconds kDrainGrace = 5s;
// Generations whose configuration and images are kept, the serving one included. generations.
inline constexpr std::uint64_t kGenerations = 5;
// Crashes of one plugin within a time from which on its routes answer 503. quarantine.
inline constexpr std::uint64_t kQuarantineCrashes = 3;
inline constexpr std::chrono::nanoseconds kQuarantineWindow = 60s;
// Times that a request has to crash an image until it is refused.
inline constexpr std::size_t kPoisonCrashes = 2;
// Bytes of a request's target that are kept of a crash.
inline constexpr std::size_t kCrashTarget = 1024;
// Crashes that are remembered, and bytes of the line of one.
inline constexpr std::size_t kLedgerEntries = 1000;
inline constexpr std::size_t kLedgerLine = 512;
// From a crash to the end of its process, where on_crash is drain: for what others have in flight.
inline constexpr std::chrono::nanoseconds kCrashDrain = 10s;
// While a process drains after a crash or for its successor: an idle connection waits so long for
// its next request.
inline constexpr std::chrono::nanoseconds kIdleDrain = 1s;
// Connections that a drain closes, or tells to end, in a second: so many clients come back to the
// next server together, and it takes several times as many new ones.
inline constexpr std::uint64_t kPartingsPerSecond = 1000;
// Images that could not leave the process: above it the log says that a restart is due.
inline constexpr std::size_t kRetiredImages = 16;
// Bytes of a request to the control socket, and connections to it at a time.
inline constexpr std::uint64_t kControlBody = 64 * kKiB;
inline constexpr std::size_t kControlConnections = 32;
// Quiet time after the last change of a watched file before it is loaded: a deployment is many.
inline constexpr std::chrono::nanoseconds kWatchQuiet = 100ms;

// --- crashes (base/, observe/, app/)
// Bytes of the stack that a fault is told on, beside what the processor's registers take: the
// handler and the unwinder need a quarter of it. Of each thread that runs plugins; touched by a
// fault alone.
inline constexpr std::size_t kFaultStack = 64 * kKiB;
// Crashes of one process that are recorded; one ends it, and few more come at the same moment.
inline constexpr std::size_t kCrashRecords = 8;
// Bytes of one report, and reports that are kept; the oldest goes first.
inline constexpr std::size_t kCrashReport = 64 * kKiB;
inline constexpr std::size_t kCrashReports = 100;

// --- calls that do not return (app/)
// A call of a handler is reported with its stack once it has lasted so many times its route's
// deadline: at the deadline itself its client is answered, and the handler hears of it.
inline constexpr int kStuckFactor = 2;
// No sooner than this, for routes with deadlines of milliseconds: what is late is not stuck.
inline constexpr std::chrono::nanoseconds kStuckLeast = 1s;
// Where a route has no deadline: without a byte from or to its client for so long. Event streams
// send a comment every quarter of a minute or so.
inline constexpr std::chrono::nanoseconds kStuckSilence = 5min;
// How often calls are looked at, and the most that the thread of one is waited for to tell.
inline constexpr std::chrono::nanoseconds kStuckPeriod = 500ms;
inline constexpr std::chrono::nanoseconds kStuckAnswer = 100ms;

// --- what plugins run in the background (plugin/)
// Tasks of one image at a time, each a thread: pools belong to the plugin, and this is told to it
// as a bug of its own would be.
inline constexpr std::size_t kTasks = 64;
// Timers of one image at a time, on one thread.
inline constexpr std::size_t kTimers = 1024;
// How long the tasks of an image that stops are waited for; one that needs longer keeps the image.
inline constexpr std::chrono::nanoseconds kTaskEnd = 5s;

}  // namespace berth::base::limits
