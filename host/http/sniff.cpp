#include "http/sniff.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace berth::http {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kHtml = "text/html; charset=utf-8";
constexpr std::string_view kPlainText = "text/plain; charset=utf-8";

struct Signature {
  std::string_view bytes;  // a '?' matches any byte where `wild` is set
  std::string_view type;
  bool wild = false;
};

// MIME Sniffing s7.1: compared ignoring case after blanks; a blank or ">" has to follow.
constexpr auto kHtmlTags = std::to_array<std::string_view>(
    {"<!DOCTYPE HTML"sv, "<HTML"sv, "<HEAD"sv, "<SCRIPT"sv, "<IFRAME"sv, "<H1"sv, "<DIV"sv,
     "<FONT"sv, "<TABLE"sv, "<A"sv, "<STYLE"sv, "<TITLE"sv, "<B"sv, "<BODY"sv, "<BR"sv, "<P"sv,
     "<!--"sv});

// MIME Sniffing s6 and s7.1, without the signature of MP4, which has a length.
constexpr auto kSignatures = std::to_array<Signature>({
    {"%PDF-"sv, "application/pdf"sv},
    {"%!PS-Adobe-"sv, "application/postscript"sv},
    {"\xfe\xff??"sv, "text/plain; charset=utf-16be"sv, true},
    {"\xff\xfe??"sv, "text/plain; charset=utf-16le"sv, true},
    {"\xef\xbb\xbf?"sv, kPlainText, true},
    {"\0\0\1\0"sv, "image/x-icon"sv},
    {"\0\0\2\0"sv, "image/x-icon"sv},
    {"BM"sv, "image/bmp"sv},
    {"GIF87a"sv, "image/gif"sv},
    {"GIF89a"sv, "image/gif"sv},
    {"RIFF????WEBPVP"sv, "image/webp"sv, true},
    {"\x89PNG\r\n\x1a\n"sv, "image/png"sv},
    {"\xff\xd8\xff"sv, "image/jpeg"sv},
    {"FORM????AIFF"sv, "audio/aiff"sv, true},
    {"ID3"sv, "audio/mpeg"sv},
    {"OggS\0"sv, "application/ogg"sv},
    {"MThd\0\0\0\6"sv, "audio/midi"sv},
    {"RIFF????AVI "sv, "video/avi"sv, true},
    {"RIFF????WAVE"sv, "audio/wave"sv, true},
    {"\x1a\x45\xdf\xa3"sv, "video/webm"sv},
    {"??????????????????????????????????LP"sv, "application/vnd.ms-fontobject"sv, true},
    {"\0\1\0\0"sv, "font/ttf"sv},
    {"OTTO"sv, "font/otf"sv},
    {"ttcf"sv, "font/collection"sv},
    {"wOFF"sv, "font/woff"sv},
    {"wOF2"sv, "font/woff2"sv},
    {"\x1f\x8b\x08"sv, "application/x-gzip"sv},
    {"PK\3\4"sv, "application/zip"sv},
    {"Rar!\x1a\7\0"sv, "application/x-rar-compressed"sv},
    {"Rar!\x1a\7\1\0"sv, "application/x-rar-compressed"sv},
    {"\0asm"sv, "application/wasm"sv},
});

bool starts_with(std::string_view content, const Signature& signature) noexcept {
  if (content.size() < signature.bytes.size()) return false;
  return std::equal(
      signature.bytes.begin(), signature.bytes.end(), content.begin(),
      [&](char wanted, char c) { return (signature.wild && wanted == '?') || wanted == c; });
}

bool starts_with_tag(std::string_view content, std::string_view tag) noexcept {
  if (content.size() <= tag.size()) return false;
  const auto same = [](char wanted, char c) {
    const bool letter = wanted >= 'A' && wanted <= 'Z';
    return wanted == (letter ? static_cast<char>(static_cast<unsigned char>(c) & 0xdfU) : c);
  };
  const char after = content[tag.size()];
  return std::equal(tag.begin(), tag.end(), content.begin(), same) &&
         (after == ' ' || after == '>');
}

std::uint32_t big_endian(std::string_view bytes) noexcept {
  std::uint32_t value = 0;
  for (const char c : bytes) value = value << 8U | static_cast<unsigned char>(c);
  return value;
}

// MIME Sniffing s6.2.1: a box "ftyp" that names an mp4 brand; bytes 12-15 are a version.
bool is_mp4(std::string_view content) noexcept {
  if (content.size() < 12 || content.substr(4, 4) != "ftyp") return false;
  const std::size_t box = big_endian(content.substr(0, 4));
  if (box % 4 != 0 || content.size() < box) return false;
  for (std::size_t at = 8; at + 3 <= box; at += 4) {
    if (at != 12 && content.substr(at, 3) == "mp4") return true;
  }
  return false;
}

// MIME Sniffing s3: bytes that no text has.
bool is_binary(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= 0x08 || byte == 0x0b || (byte >= 0x0e && byte <= 0x1a) ||
         (byte >= 0x1c && byte <= 0x1f);
}

}  // namespace

std::string_view sniff_content_type(std::string_view content) noexcept {
  content = content.substr(0, kSniffBytes);
  const std::size_t blanks = content.find_first_not_of("\t\n\f\r ");
  const std::string_view text = content.substr(std::min(blanks, content.size()));

  for (const std::string_view tag : kHtmlTags) {
    if (starts_with_tag(text, tag)) return kHtml;
  }
  if (text.starts_with("<?xml")) return "text/xml; charset=utf-8";
  for (const Signature& signature : kSignatures) {
    if (starts_with(content, signature)) return signature.type;
  }
  if (is_mp4(content)) return "video/mp4";
  return std::any_of(text.begin(), text.end(), is_binary) ? "application/octet-stream" : kPlainText;
}

}  // namespace berth::http
