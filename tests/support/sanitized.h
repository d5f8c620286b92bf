// Whether this build's sanitizer makes everything several times slower.
#pragma once

namespace berth::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#elif defined(__has_feature)
inline constexpr bool kSanitized = static_cast<bool>(__has_feature(address_sanitizer)) ||
                                   static_cast<bool>(__has_feature(thread_sanitizer));
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace berth::test
