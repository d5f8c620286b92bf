// The JSON Schema (draft-07) of berth.yaml, by which editors complete and check it. It is kept by
// hand in berth.schema.json; that the readers agree with it is tested (tests/schema).
#pragma once

#include <string_view>

namespace berth::config {

[[nodiscard]] std::string_view json_schema() noexcept;
// Of a file that another one includes, which need not have `listen`.
[[nodiscard]] std::string_view included_json_schema() noexcept;

}  // namespace berth::config
