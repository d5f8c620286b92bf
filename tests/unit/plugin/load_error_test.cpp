#include "plugin/load_error.h"

#include <gtest/gtest.h>

#include <string>

#include "plugin/host_libraries.h"
#include "plugin/symbol_name.h"
#include "scratch_folder.h"

namespace berth::plugin {
namespace {

TEST(LoadError, SaysWhichSymbolOrLibraryIsMissingAndTheWayOut) {
  const std::string bytes = built("test_no_entry");
  const auto file = ElfFile::parse(bytes);
  ASSERT_TRUE(file.ok());
  struct Row {
    const char* error;
    const char* text;  // part of it
  };
  const Row table[] = {
      {"/c/x.so: undefined symbol: not_there", "undefined symbol not_there: none of the libraries"},
      {"/c/x.so: undefined symbol: not_there", "link the library or the source that defines it"},
      {"/c/x.so: undefined symbol: _ZN4Poco3Net6SocketC1Ev",
       "undefined symbol Poco::Net::Socket::Socket() (_ZN4Poco3Net6SocketC1Ev)"},
      {"/c/x.so: undefined symbol: _ZN4Poco3Net6SocketC1Ev", "link it with -lPocoNet"},
      {"/c/x.so: undefined symbol: _ZTIN4Poco9ExceptionE", "link it with -lPocoFoundation"},
      {"/c/x.so: undefined symbol: SSL_new, version OPENSSL_3.0.0", "undefined symbol SSL_new: "},
      {"libabc.so.1: cannot open shared object file: No such file or directory",
       "it needs libabc.so.1, which is not installed here"},
      {"/lib/libc.so.6: version `GLIBC_2.99' not found (required by /c/x.so)",
       "it needs GLIBC_2.99, which /lib/libc.so.6 here has not got"},
      {"/c/x.so: failed to map segment from shared object", "on a mount with noexec?"},
      {"/c/x.so: something else", "it cannot be loaded: something else"},
  };
  for (const Row& row : table) {
    const std::string text = explain_load_error(row.error, "/c/x.so", *file);
    EXPECT_NE(text.find(row.text), std::string::npos) << text;
  }
}

TEST(ReadableName, LeavesNamesAloneThatAreNotMangled) {
  EXPECT_EQ(readable_name("i"), "i");
  EXPECT_EQ(readable_name("_Znonsense"), "_Znonsense");
  EXPECT_EQ(readable_name("_ZN1a1bEv"), "a::b()");
}

TEST(HostLibraries, AnotherSonameOfOneOfTheHostsIsRefused) {
  const HostLibraries host({"libPocoNet.so.80", "libc.so.6", "ld-linux-x86-64.so.2"});
  struct Row {
    std::string_view needed;
    const char* text;  // nullptr: taken
  };
  const Row table[] = {
      {"libPocoNet.so.80", nullptr},
      {"libPocoNetSSL.so.80", nullptr},
      {"libz.so.1", nullptr},
      {"/opt/lib/libPocoNet.so.80", nullptr},
      {"libPocoNet.so.1", "it needs libPocoNet.so.1, but this host uses libPocoNet.so.80"},
      {"/opt/lib/libPocoNet.so.94", "it needs libPocoNet.so.94"},
  };
  for (const Row& row : table) {
    const auto status = host.check({&row.needed, 1});
    ASSERT_EQ(status.ok(), row.text == nullptr) << row.needed;
    if (row.text == nullptr) continue;
    EXPECT_NE(status.error().text.find(row.text), std::string::npos) << status.error().text;
  }
}

TEST(HostLibraries, TheSnapshotHasTheCLibrary) {
  const HostLibraries host = HostLibraries::snapshot();
  bool found = false;
  for (const std::string& name : host.names()) found |= name == "libc.so.6";
  EXPECT_TRUE(found);
}

TEST(LibraryStem, EndsBeforeTheVersion) {
  EXPECT_EQ(library_stem("libPocoNet.so.80"), "libPocoNet");
  EXPECT_EQ(library_stem("libfoo-1.2.so"), "libfoo-1.2");
  EXPECT_EQ(library_stem("libfoo.sofa"), "");
  EXPECT_EQ(library_stem("linux-vdso"), "");
}

}  // namespace
}  // namespace berth::plugin
