#include "model/text_encoder/tokenizer/sentencepiece_model.h"

#include <bit>
#include <cmath>
#include <unordered_set>

#include "core/error.h"
#include "model/text_encoder/tokenizer/protobuf_reader.h"
#include "model/text_encoder/tokenizer/text_normalizer.h"

namespace sana::model {
namespace {

using Wire = ProtobufField::Wire;
constexpr size_t kMaxPieces = size_t{1} << 24;

// Field numbers of sentencepiece_model.proto.
constexpr uint32_t kPieces = 1, kTrainerSpec = 2, kNormalizerSpec = 3, kDenormalizerSpec = 5;
constexpr uint32_t kPieceText = 1, kPieceScore = 2, kPieceType = 3;
constexpr uint32_t kModelType = 3, kByteFallback = 35;
constexpr uint32_t kCharacterTable = 2;

void expect_wire(const ProtobufField& field, Wire wire, const char* name) {
  require(field.wire == wire, "'{}' is of another type", name);
}

SentencePiece read_piece(std::string_view message) {
  SentencePiece piece;
  ProtobufReader reader(message);
  for (ProtobufField field; reader.next(field);) {
    if (field.tag == kPieceText) {
      expect_wire(field, Wire::kBytes, "piece");
      piece.text = field.bytes;
    } else if (field.tag == kPieceScore) {
      expect_wire(field, Wire::kFixed32, "score");
      piece.score = std::bit_cast<float>(static_cast<uint32_t>(field.number));
    } else if (field.tag == kPieceType) {
      expect_wire(field, Wire::kVarint, "type");
      require(field.number >= 1 && field.number <= 6, "a piece has the type {}", field.number);
      piece.type = static_cast<SentencePiece::Type>(field.number);
    }
  }
  return piece;
}

void read_trainer_spec(std::string_view message, SentencePieceModel& model) {
  ProtobufReader reader(message);
  for (ProtobufField field; reader.next(field);) {
    if (field.tag == kModelType) {
      expect_wire(field, Wire::kVarint, "model_type");
      model.model_type = static_cast<int64_t>(field.number);
    } else if (field.tag == kByteFallback) {
      expect_wire(field, Wire::kVarint, "byte_fallback");
      model.byte_fallback = field.number != 0;
    }
  }
}

void refuse_character_table(std::string_view message) {
  ProtobufReader reader(message);
  for (ProtobufField field; reader.next(field);) {
    require(field.tag != kCharacterTable || (field.wire == Wire::kBytes && field.bytes.empty()),
            "it normalises characters by a table, which is not supported");
  }
}

void check_piece(const SentencePiece& piece, size_t id) {
  require(!piece.text.empty(), "piece {} is empty", id);
  require(piece.text.find('\0') == std::string::npos, "piece {} holds NUL", id);
  require(encode_utf8(decode_utf8(piece.text)) == piece.text, "piece {} is not UTF-8", id);
  require(std::isfinite(piece.score), "piece {} has no finite score", id);
}

void check_vocabulary(const SentencePieceModel& model) {
  require(!model.pieces.empty(), "it holds no pieces");
  require(model.model_type == 2, "its model type is {}, only 2 (BPE) is supported",
          model.model_type);
  std::unordered_set<std::string_view> seen;
  size_t num_unknown = 0, num_bytes = 0;
  for (size_t id = 0; id < model.pieces.size(); ++id) {
    const SentencePiece& piece = model.pieces[id];
    check_piece(piece, id);
    require(seen.insert(piece.text).second, "piece {} (\"{}\") is there twice", id, piece.text);
    num_unknown += piece.type == SentencePiece::Type::kUnknown ? 1 : 0;
    num_bytes += piece.type == SentencePiece::Type::kByte ? 1 : 0;
  }
  require(num_unknown == 1, "it has {} unknown pieces, must have one", num_unknown);
  require(num_bytes == (model.byte_fallback ? 256 : 0), "it has {} byte pieces, must have {}",
          num_bytes, model.byte_fallback ? 256 : 0);
}

}  // namespace

SentencePieceModel read_sentencepiece_model(std::string_view bytes, const std::string& where) {
  return with_context(where + ": this is not a usable SentencePiece model", [&] {
    SentencePieceModel model;
    ProtobufReader reader(bytes);
    for (ProtobufField field; reader.next(field);) {
      if (field.tag > kDenormalizerSpec) continue;
      expect_wire(field, Wire::kBytes, "a part of the model");
      if (field.tag == kPieces) {
        require(model.pieces.size() < kMaxPieces, "it has too many pieces");
        model.pieces.push_back(read_piece(field.bytes));
      } else if (field.tag == kTrainerSpec) {
        read_trainer_spec(field.bytes, model);
      } else if (field.tag == kNormalizerSpec || field.tag == kDenormalizerSpec) {
        refuse_character_table(field.bytes);
      }
    }
    check_vocabulary(model);
    return model;
  });
}

}  // namespace sana::model
