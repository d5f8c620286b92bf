// Writes the head of a response (RFC 9112 s4, s5); the body and its chunks are appended by others.
#pragma once

#include <string>

#include "http/fields.h"

namespace berth::http {

// Appends status line, fields and the empty line. The version is always HTTP/1.1, whatever the
// client speaks (RFC 9110 s2.5). An unregistered status has an empty phrase. Rejects nothing: names
// and values were validated when they were set.
// REQUIRES: 100 <= status <= 999.
void append_head(std::string& out, int status, const Fields& fields);

}  // namespace berth::http
