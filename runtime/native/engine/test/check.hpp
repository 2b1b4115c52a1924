#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "error.hpp"

namespace fhec::test {

/// A test and its name. TEST(name) { ... } makes and registers one; its body may throw to fail.
struct Test {
  const char* name;
  void (*run)();
};

/// Every registered test.
std::vector<Test>& tests();

/// The generator of the test that runs; its seed is printed, and the same for each test whatever others run.
std::mt19937_64& generator();

/// A value below the bound.
inline std::uint64_t random_below(std::uint64_t bound) {
  return std::uniform_int_distribution<std::uint64_t>(0, bound - 1)(generator());
}

class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

[[noreturn]] inline void fail(const char* file, int line, const std::string& text) {
  throw Failure(std::string(file) + ":" + std::to_string(line) + ": " + text);
}

template <class A, class B>
void check_equal(const A& actual, const B& expected, const char* text, const char* file, int line) {
  if (actual == expected) return;
  std::ostringstream message;
  message << text << ": " << actual << " is not " << expected;
  fail(file, line, message.str());
}

template <class Body>
void check_throws(const Body& body, const std::string& code, const char* text, const char* file, int line) {
  try {
    body();
  } catch (const Error& error) {
    if (error.code() != code) fail(file, line, std::string(text) + " threw " + error.code() + ", not " + code);
    return;
  }
  fail(file, line, std::string(text) + " did not throw");
}

/// Registers a test before main runs.
struct Registration {
  Registration(const char* name, void (*run)()) { tests().push_back({name, run}); }
};

}  // namespace fhec::test

#define TEST(name)                                                         \
  static void test_##name();                                               \
  static const ::fhec::test::Registration register_##name(#name, test_##name); \
  static void test_##name()

#define CHECK(condition)                                                                \
  do {                                                                                  \
    if (!(condition)) ::fhec::test::fail(__FILE__, __LINE__, #condition " does not hold"); \
  } while (false)

#define CHECK_EQUAL(actual, expected) \
  ::fhec::test::check_equal((actual), (expected), #actual " == " #expected, __FILE__, __LINE__)

/// The expression throws fhec::Error with this code.
#define CHECK_THROWS(code, expression) \
  ::fhec::test::check_throws([&] { static_cast<void>(expression); }, (code), #expression, __FILE__, __LINE__)
