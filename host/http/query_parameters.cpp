#include "http/query_parameters.h"

#include <algorithm>

#include "http/percent_encoding.h"

namespace berth::http {
namespace {

// Appends the text decoded: "+" is a space before escapes are looked at, so "%2B" is a plus.
bool decode(std::string_view text, std::string& out) {
  const std::size_t before = out.size();
  for (;;) {
    const std::size_t plus = text.find('+');
    if (!percent_decode(text.substr(0, plus), out)) break;
    if (plus == std::string_view::npos) return true;
    out.push_back(' ');
    text.remove_prefix(plus + 1);
  }
  out.resize(before);
  return false;
}

}  // namespace

base::Status<QueryError> QueryParameters::parse(std::string_view raw_query) {
  clear();
  std::optional<QueryError> first_error;
  while (!raw_query.empty()) {
    const std::string_view pair = raw_query.substr(0, raw_query.find('&'));
    raw_query.remove_prefix(std::min(pair.size() + 1, raw_query.size()));
    if (pair.empty()) continue;
    if (entries_.size() == max_parameters_) {
      if (!first_error) first_error = QueryError::kTooMany;
      break;
    }
    const std::size_t at = text_.size();
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
    const bool name_ok = decode(pair.substr(0, equals), text_);
    const std::size_t name_size = text_.size() - at;
    if (!name_ok || !decode(value, text_)) {
      text_.resize(at);
      if (!first_error) first_error = QueryError::kBadEscape;
      continue;
    }
    entries_.push_back({at, name_size, text_.size() - at - name_size});
  }
  if (first_error) return base::fail(*first_error);
  return base::done();
}

void QueryParameters::clear() noexcept {
  text_.clear();
  entries_.clear();
}

std::optional<std::string_view> QueryParameters::find(std::string_view name) const noexcept {
  for (std::size_t index = 0; index < size(); ++index) {
    const QueryParameter parameter = at(index);
    if (parameter.name == name) return parameter.value;
  }
  return std::nullopt;
}

}  // namespace berth::http
