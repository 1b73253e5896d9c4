#include "model/text_encoder/tokenizer/sentencepiece_tokenizer.h"

#include <sentencepiece_processor.h>

#include "core/error.h"
#include "model/text_encoder/tokenizer/sentencepiece_model.h"
#include "model/text_encoder/tokenizer/text_normalizer.h"

namespace sana::model {
namespace {

void require_ok(const sentencepiece::util::Status& status, const std::string& what) {
  require(status.ok(), "{}: {}", what, status.ToString());
}

}  // namespace

SentencePieceTokenizer::SentencePieceTokenizer(std::string_view bytes, const std::string& where)
    : processor_(std::make_unique<sentencepiece::SentencePieceProcessor>()) {
  const SentencePieceModel model = read_sentencepiece_model(bytes, where);
  require_ok(processor_->LoadFromSerializedProto({bytes.data(), bytes.size()}), where);
  for (size_t id = 0; id < model.pieces.size(); ++id) {
    const SentencePiece& piece = model.pieces[id];
    const bool is_atom =
        piece.type == SentencePiece::Type::kControl || piece.type == SentencePiece::Type::kUnknown;
    if (is_atom) control_pieces_.add(piece.text, static_cast<int64_t>(id));
    if (is_atom && piece.text == "<pad>") padding_id_ = static_cast<int64_t>(id);
  }
  first_id_ = processor_->bos_id();
  require(first_id_ >= 0, "{}: it has no piece to begin a text with (<bos> or <s>)", where);
}

SentencePieceTokenizer::~SentencePieceTokenizer() = default;

std::vector<int64_t> SentencePieceTokenizer::encode(std::string_view text) const {
  std::vector<int64_t> ids = {first_id_};
  std::vector<int> pieces;
  const auto add_text = [&](std::string_view part) {
    require_ok(processor_->Encode({part.data(), part.size()}, &pieces), "SentencePiece");
    ids.insert(ids.end(), pieces.begin(), pieces.end());
  };
  control_pieces_.split(encode_utf8(decode_utf8(text)), add_text,
                        [&](int64_t id) { ids.push_back(id); });
  return ids;
}

int64_t SentencePieceTokenizer::vocabulary_size() const { return processor_->GetPieceSize(); }

}  // namespace sana::model
