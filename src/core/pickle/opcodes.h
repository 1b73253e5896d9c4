// Instructions of pickle protocols 2 to 5 (Python's Lib/pickletools.py lists them all).
#pragma once
#include <cstdint>

namespace sana::pickle {

enum class Op : uint8_t {
  kProto = 0x80,
  kFrame = 0x95,
  kStop = '.',
  // Stack
  kMark = '(',
  kPop = '0',
  kPopMark = '1',
  kDup = '2',
  // Values
  kNone = 'N',
  kTrue = 0x88,
  kFalse = 0x89,
  kInt32 = 'J',
  kUint8 = 'K',
  kUint16 = 'M',
  kLong1 = 0x8a,
  kFloat = 'G',
  kShortText = 0x8c,
  kText = 'X',
  kText8 = 0x8d,
  // Memo
  kPut = 'q',
  kLongPut = 'r',
  kMemoize = 0x94,
  kGet = 'h',
  kLongGet = 'j',
  // Containers
  kEmptyList = ']',
  kAppend = 'a',
  kAppends = 'e',
  kList = 'l',
  kEmptyTuple = ')',
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kTuple = 't',
  kEmptyDict = '}',
  kSetItem = 's',
  kSetItems = 'u',
  kDict = 'd',
  // Objects
  kGlobal = 'c',
  kStackGlobal = 0x93,
  kReduce = 'R',
  kBuild = 'b',
  kPersistentId = 'Q',
  // Known only to be refused by name
  kShortBytes = 'C',
  kBytes = 'B',
  kBytes8 = 0x8e,
  kByteArray = 0x96,
  kEmptySet = 0x8f,
  kFrozenSet = 0x91,
  kNewObject = 0x81,
  kNewObjectEx = 0x92,
  kLong4 = 0x8b,
};

}  // namespace sana::pickle
