// The parts of a SentencePiece tokenizer.model that are checked before the library sees the file:
// it trusts what it reads.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sana::model {

struct SentencePiece {
  enum class Type { kNormal = 1, kUnknown, kControl, kUserDefined, kUnused, kByte };
  std::string text;
  float score = 0.0F;
  Type type = Type::kNormal;
};

// Fields of ModelProto (sentencepiece_model.proto), its defaults included.
struct SentencePieceModel {
  std::vector<SentencePiece> pieces;  // by id
  int64_t model_type = 1;             // 1 unigram, 2 BPE
  bool byte_fallback = false;
};

// Reads and checks the file's bytes. Throws UserError that starts with `where`: not a SentencePiece
// model, cut off, not BPE, with a table of character normalisations (whose offsets the library does
// not check, and which neither Gemma nor Mistral has), or with pieces that are empty, hold NUL, are
// there twice, or do not make a vocabulary (one unknown piece; all 256 bytes when byte fallback is
// on).
SentencePieceModel read_sentencepiece_model(std::string_view bytes, const std::string& where);

}  // namespace sana::model
