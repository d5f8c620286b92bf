/* The note that tells a host what a plugin is before any of its code runs; C11 and C++. Emits it
 * into the object that includes this, so exactly one file of a plugin does. Not needed by hand with
 * berth_add_plugin(), which adds that file.
 *
 * Before it: BERTH_PLUGIN_NAME and BERTH_PLUGIN_VERSION, string literals; where they apply
 * BERTH_PLUGIN_KINDS ("hello,body"), BERTH_PLUGIN_MIDDLEWARE ("gate") and BERTH_PLUGIN_GIT. Without
 * a name and a version there is no note, and a host refuses the plugin. Compile it with the
 * language, the standard library and the sanitizers of the rest.
 *
 *   section .note.berth: namesz 6, descsz, type 1, "Berth" NUL NUL NUL, lines of key=value LF, pad
 *
 * Keys: format=1 sdk abi name version kinds middleware compiler cxxabi sanitizer arch glibc git.
 * kinds, middleware and git may be missing; a reader leaves out keys it does not know. */
#ifndef BERTH_NOTE_H
#define BERTH_NOTE_H

#include <berth/abi.h>

#ifdef __cplusplus
#include <cstddef> /* defines which standard library this is */
#endif

#if defined(BERTH_PLUGIN_NAME) != defined(BERTH_PLUGIN_VERSION)
#error "define BERTH_PLUGIN_NAME and BERTH_PLUGIN_VERSION, or use berth_add_plugin()"
#endif

#if BERTH_ABI_MAJOR != 0 || BERTH_ABI_MINOR != 1
#error "the text below has to follow abi.h"
#endif
#define BERTH_NOTE_SDK "0.1.0"
#define BERTH_NOTE_ABI "0.1"

#define BERTH_NOTE_QUOTE_(x) #x
#define BERTH_NOTE_QUOTE(x) BERTH_NOTE_QUOTE_(x)

#ifdef __clang__
#define BERTH_NOTE_COMPILER                                        \
  "clang " BERTH_NOTE_QUOTE(__clang_major__) "." BERTH_NOTE_QUOTE( \
      __clang_minor__) "." BERTH_NOTE_QUOTE(__clang_patchlevel__)
#else
#define BERTH_NOTE_COMPILER                                                                    \
  "gcc " BERTH_NOTE_QUOTE(__GNUC__) "." BERTH_NOTE_QUOTE(__GNUC_MINOR__) "." BERTH_NOTE_QUOTE( \
      __GNUC_PATCHLEVEL__)
#endif

#if !defined(__cplusplus)
#define BERTH_NOTE_CXXABI "none"
#elif defined(_LIBCPP_VERSION)
#define BERTH_NOTE_CXXABI "libc++ " BERTH_NOTE_QUOTE(_LIBCPP_ABI_VERSION)
#elif defined(_GLIBCXX_USE_CXX11_ABI) && _GLIBCXX_USE_CXX11_ABI
#define BERTH_NOTE_CXXABI "libstdc++ cxx11"
#elif defined(__GLIBCXX__)
#define BERTH_NOTE_CXXABI "libstdc++ cxx98"
#else
#define BERTH_NOTE_CXXABI "unknown"
#endif

/* gcc has a macro for the two that cannot be mixed; its UBSan needs nothing of the host. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BERTH_NOTE_SANITIZER "address"
#elif __has_feature(thread_sanitizer)
#define BERTH_NOTE_SANITIZER "thread"
#elif __has_feature(memory_sanitizer)
#define BERTH_NOTE_SANITIZER "memory"
#elif __has_feature(undefined_behavior_sanitizer)
#define BERTH_NOTE_SANITIZER "undefined"
#endif
#endif
#ifndef BERTH_NOTE_SANITIZER
#if defined(__SANITIZE_ADDRESS__)
#define BERTH_NOTE_SANITIZER "address"
#elif defined(__SANITIZE_THREAD__)
#define BERTH_NOTE_SANITIZER "thread"
#else
#define BERTH_NOTE_SANITIZER "none"
#endif
#endif

#if defined(__x86_64__)
#define BERTH_NOTE_ARCH "x86_64"
#elif defined(__aarch64__)
#define BERTH_NOTE_ARCH "aarch64"
#elif defined(__riscv) && __riscv_xlen == 64
#define BERTH_NOTE_ARCH "riscv64"
#else
#error "berth runs on 64-bit little-endian Linux: x86_64, aarch64 and riscv64"
#endif

#ifdef __GLIBC__
#define BERTH_NOTE_GLIBC BERTH_NOTE_QUOTE(__GLIBC__) "." BERTH_NOTE_QUOTE(__GLIBC_MINOR__)
#else
#define BERTH_NOTE_GLIBC "none"
#endif

#define BERTH_NOTE_LINE(key, text) ".ascii \"" key "=" text "\\n\"\n"
#ifdef BERTH_PLUGIN_KINDS
#define BERTH_NOTE_KINDS BERTH_NOTE_LINE("kinds", BERTH_PLUGIN_KINDS)
#else
#define BERTH_NOTE_KINDS
#endif
#ifdef BERTH_PLUGIN_MIDDLEWARE
#define BERTH_NOTE_MIDDLEWARE BERTH_NOTE_LINE("middleware", BERTH_PLUGIN_MIDDLEWARE)
#else
#define BERTH_NOTE_MIDDLEWARE
#endif
#ifdef BERTH_PLUGIN_GIT
#define BERTH_NOTE_GIT BERTH_NOTE_LINE("git", BERTH_PLUGIN_GIT)
#else
#define BERTH_NOTE_GIT
#endif

#ifdef BERTH_PLUGIN_NAME
/* Assembly and not a variable: its length is exact in C and in C++, a sanitizer adds no red zone to
 * it, and it is an SHT_NOTE, which no linker collects. */
/* clang-format off */
__asm__(
    ".pushsection .note.berth, \"a\", %note\n"
    ".balign 4\n"
    ".long 6\n"
    ".long .Lberth_note_end - .Lberth_note_begin\n"
    ".long 1\n"
    ".asciz \"Berth\"\n"
    ".balign 4\n"
    ".Lberth_note_begin:\n"
    BERTH_NOTE_LINE("format", "1")
    BERTH_NOTE_LINE("sdk", BERTH_NOTE_SDK)
    BERTH_NOTE_LINE("abi", BERTH_NOTE_ABI)
    BERTH_NOTE_LINE("name", BERTH_PLUGIN_NAME)
    BERTH_NOTE_LINE("version", BERTH_PLUGIN_VERSION)
    BERTH_NOTE_KINDS
    BERTH_NOTE_MIDDLEWARE
    BERTH_NOTE_LINE("compiler", BERTH_NOTE_COMPILER)
    BERTH_NOTE_LINE("cxxabi", BERTH_NOTE_CXXABI)
    BERTH_NOTE_LINE("sanitizer", BERTH_NOTE_SANITIZER)
    BERTH_NOTE_LINE("arch", BERTH_NOTE_ARCH)
    BERTH_NOTE_LINE("glibc", BERTH_NOTE_GLIBC)
    BERTH_NOTE_GIT
    ".Lberth_note_end:\n"
    ".balign 4\n"
    ".popsection\n");
/* clang-format on */
#endif

#endif
