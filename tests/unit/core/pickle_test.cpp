// Pickles written by hand: the values, and everything that could make a reader crash or run away.
#include "core/error.h"
#include "support/catch.h"
#include "support/errors.h"
#include "torch_archive.h"

using sana::TorchValue;
using sana::UserError;
using sana_test::contains;
using sana_test::load_pickle;
using sana_test::message_of;
using sana_test::pickled_text;
using namespace std::string_literals;

namespace {

const std::string kBegin = "\x80\x02";

template <class T>
T value_of(const std::string& instructions) {
  return std::get<T>(load_pickle(kBegin + instructions + ".").value);
}

std::string complaint_about_pickle(const std::string& instructions) {
  return message_of<UserError>([&] { load_pickle(kBegin + instructions + "."); });
}

}  // namespace

TEST_CASE("numbers and texts of every encoding are read", "[pickle]") {
  CHECK(value_of<int64_t>("K\xff") == 255);
  CHECK(value_of<int64_t>("M\x01\x80") == 0x8001);
  CHECK(value_of<int64_t>("J\xfe\xff\xff\xff") == -2);
  CHECK(value_of<int64_t>("\x8a\x00"s) == 0);
  CHECK(value_of<int64_t>("\x8a\x01\xff") == -1);
  CHECK(value_of<int64_t>("\x8a\x05\x00\x00\x00\x00\x01"s) == int64_t{1} << 32);
  CHECK(value_of<int64_t>("\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f") == INT64_MAX);
  CHECK(value_of<double>("G\x3f\xf8\x00\x00\x00\x00\x00\x00"s) == 1.5);
  CHECK(value_of<bool>("\x88"));
  CHECK_FALSE(value_of<bool>("\x89"));
  CHECK(value_of<std::string>("X\x02\x00\x00\x00hi"s) == "hi");
  CHECK(value_of<std::string>("\x8d\x02\x00\x00\x00\x00\x00\x00\x00hi"s) == "hi");
  CHECK(value_of<std::string>(pickled_text("hi")) == "hi");
  CHECK(std::holds_alternative<std::monostate>(load_pickle("\x80\x05N.").value));
}

TEST_CASE("lists and dicts of every encoding are read", "[pickle]") {
  CHECK(value_of<TorchValue::List>("(K\x01K\x02l").size() == 2);
  CHECK(value_of<TorchValue::List>("]K\x01"s + "a(K\x02K\x03"s + "e").size() == 3);
  CHECK(value_of<TorchValue::List>("K\x01K\x02K\x03\x87").size() == 3);
  CHECK(value_of<TorchValue::Dict>("(K\x01NK\x02Nd").at(1).first == "2");
  CHECK(value_of<TorchValue::Dict>("}"s + pickled_text("k") + "Ns("s + pickled_text("l") + "\x88u")
            .at(1)
            .first == "l");
  CHECK(value_of<TorchValue::List>("ctorch\nSize\nK\x04K\x05\x86\x85R").size() == 2);
  // Memo, by number and by count, and what was put on the stack for nothing.
  CHECK(value_of<TorchValue::List>("K\x07q\x05h\x05\x86").size() == 2);
  CHECK(value_of<int64_t>("K\x07\x94K\x08\x94r\x09\x00\x00\x00j\x01\x00\x00\x00(NN1\x32\x86q\x00"
                          "000h\x09"s) == 8);
}

TEST_CASE("integers of more than 64 bits are refused", "[pickle]") {
  CHECK(contains(complaint_about_pickle("\x8a\x09"s + std::string(9, '\x01')),
                 "of 9 bytes does not fit"));
  CHECK(contains(complaint_about_pickle("\x8b\x09"), "more than 64 bits"));
}

TEST_CASE("other protocols are refused", "[pickle]") {
  const auto message = [](const std::string& bytes) {
    return message_of<UserError>([&] { load_pickle(bytes); });
  };
  CHECK(contains(message("\x80\x01N."), "pickle protocol 1 is not known"));
  CHECK(contains(message("\x80\x06N."), "pickle protocol 6 is not known"));
  CHECK(contains(message("N."), "does not begin with a protocol"));
  CHECK(contains(message(""), "does not begin with a protocol"));
  CHECK(contains(message("\x80\x02I1\n."), "holds instruction 0x49"));
}

TEST_CASE("a pickle cut anywhere is refused", "[pickle]") {
  const std::string whole = kBegin + "}("s + pickled_text("key") +
                            "ctorch\nSize\n(K\x04M\x05\x05t\x85R" + "X\x01\x00\x00\x00x"s +
                            "J\x01\x00\x00\x00u."s;
  CHECK_NOTHROW(load_pickle(whole));
  for (size_t size = 0; size < whole.size(); ++size) {
    INFO(size);
    CHECK_THROWS_AS(load_pickle(whole.substr(0, size)), UserError);
  }
  CHECK(contains(message_of<UserError>([&] { load_pickle(whole + "N"); }), "1 bytes are left"));
  CHECK(contains(complaint_about_pickle("\x8d"s + std::string(8, '\xff')),
                 "18446744073709551615 more bytes"));
}

TEST_CASE("instructions without their values are refused", "[pickle]") {
  for (const char* instructions :
       {"",      "0",     "1",  "2",    "a",   "e",    "t",      "u",  "s",
        "R",     "b",     "Q",  "\x93", "(a",  "N(2",  "N(\x85", "NN", "(N",
        "q\x01", "h\x01", "Na", "]Ns",  "NNe", "}(Nu", ")Na",    "KK1"}) {
    INFO(instructions);
    CHECK_FALSE(complaint_about_pickle(instructions).empty());
  }
  CHECK(contains(complaint_about_pickle("h\x07"), "refers to value 7"));
  CHECK(contains(complaint_about_pickle(")Na"), "appends to a tuple instead of a list"));
}

TEST_CASE("classes are refused in either spelling, also where they are not called", "[pickle]") {
  CHECK(contains(complaint_about_pickle("cos\nsystem\n"), "refuses to build 'os.system'"));
  CHECK(contains(complaint_about_pickle(pickled_text("os") + pickled_text("system") + "\x93"),
                 "'os.system'"));
  CHECK(
      contains(complaint_about_pickle("ccollections\nOrderedDict\n"), "'collections.OrderedDict'"));
  CHECK(contains(complaint_about_pickle("ctorch\nFloatStorage\n)R"), "'torch.FloatStorage'"));
  CHECK(contains(complaint_about_pickle("ctorch\nFloatStorage\n)\x81"),
                 "refuses to build a new object"));
  CHECK(contains(complaint_about_pickle("cos\nsys\x1b[31mtem\n"), "'os.sys?[31mtem'"));
}

TEST_CASE("attributes are for OrderedDicts only", "[pickle]") {
  CHECK(value_of<TorchValue::Dict>("ccollections\nOrderedDict\n)R}b").empty());
  CHECK(contains(complaint_about_pickle("}}b"), "refuses to build a dict with attributes"));
  CHECK(contains(complaint_about_pickle("ccollections\nOrderedDict\n)RNb"), "is None"));
}

TEST_CASE("keys are texts or integers, each once", "[pickle]") {
  CHECK(contains(complaint_about_pickle("}K\x01NsK\x01Ns"), "the key '1' twice"));
  CHECK(contains(complaint_about_pickle("}K\x01Ns"s + pickled_text("1") + "Ns"),
                 "the key '1' twice"));
  CHECK(
      contains(complaint_about_pickle("}"s + pickled_text("outer") + "})NsS"), "instruction 0x53"));
  CHECK(contains(complaint_about_pickle("}"s + pickled_text("outer") + "})Nss"),
                 "at 'outer': a key of a dict is a tuple"));
}

TEST_CASE("values inside themselves, or nested too deeply, are refused", "[pickle]") {
  CHECK(contains(complaint_about_pickle("]q\x01h\x01"s + "a"), "nested deeper than 64 levels"));
  const auto nested = [](size_t depth) {
    return std::string(depth, ']') + std::string(depth - 1, 'a');
  };
  CHECK(value_of<TorchValue::List>(nested(65)).size() == 1);
  CHECK(contains(complaint_about_pickle(nested(66)), "nested deeper than 64 levels"));
  CHECK(contains(complaint_about_pickle(nested(1'000'000)), "nested deeper than 64 levels"));
}

TEST_CASE("a small pickle cannot unfold into a large value", "[pickle]") {
  // Each level holds the one below twice: 2^60 values.
  std::string twice = "]q\x01";
  for (int i = 0; i < 60; ++i) twice += "0h\x01h\x01\x86q\x01";
  CHECK(contains(complaint_about_pickle(twice), "would fill memory"));
  // One text of a megabyte, many times.
  std::string texts = "(X\x00\x00\x10\x00"s + std::string(1 << 20, 'x') + "q\x01";
  for (int i = 0; i < 1000; ++i) texts += "h\x01";
  CHECK(contains(complaint_about_pickle(texts + "t"), "would fill memory"));
}
