import Formats
import NumericTypes

/// A complete language model small enough for a test: the Llama architecture with random weights, a byte-level
/// vocabulary of 300 tokens and a chat template.
///
/// ```swift
/// let bytes = TinyLlama.file(seed: 7, dtype: .q4_0)
/// let file = try GGUFFile(ByteView(copying: bytes))
/// ```
public struct TinyLlama: Sendable {
  /// The seed of the weights.
  public var seed: UInt64 = 1
  /// The number of layers.
  public var layers = 2
  /// The width of the residual stream: `heads` · head dimension. Types with blocks of 256 need a multiple of 256.
  public var width = 64
  /// Query heads.
  public var heads = 2
  /// Key and value heads.
  public var kvHeads = 1
  /// The width of the feed-forward part.
  public var feedForward = 128
  /// The longest context that the model claims.
  public var contextLength = 256
  /// The type of the weight matrices; norms are f32.
  public var dtype = DType.f32
  /// The type of the embedding; nothing for `dtype`.
  public var embeddingDType: DType?
  /// Whether the output matrix is the embedding; if not, the file has `output.weight`.
  public var tied = true

  /// A model of 2 layers, width 64, two query heads over one key head, f32.
  public init() {}

  /// The model as a GGUF file.
  public static func file(
    seed: UInt64 = 1, dtype: DType = .f32, embeddingDType: DType? = nil, tied: Bool = true
  ) -> [UInt8] {
    var model = TinyLlama()
    model.seed = seed
    model.dtype = dtype
    model.embeddingDType = embeddingDType
    model.tied = tied
    return model.image().encoded()
  }

  /// The model field by field, for tests that change it.
  public func image() -> GGUFImage {
    var image = GGUFImage()
    setHyperparameters(&image)
    setVocabulary(&image)
    var noise = GGUFNoise(seed: seed)
    let headDim = width / max(heads, 1)
    let vocabulary = Self.tokens.count
    matrix(&image, "token_embd.weight", vocabulary, width, embeddingDType ?? dtype, &noise)
    for layer in 0..<layers {
      let block = "blk.\(layer)."
      norm(&image, block + "attn_norm.weight", &noise)
      matrix(&image, block + "attn_q.weight", heads * headDim, width, dtype, &noise)
      matrix(&image, block + "attn_k.weight", kvHeads * headDim, width, dtype, &noise)
      matrix(&image, block + "attn_v.weight", kvHeads * headDim, width, dtype, &noise)
      matrix(&image, block + "attn_output.weight", width, heads * headDim, dtype, &noise)
      norm(&image, block + "ffn_norm.weight", &noise)
      matrix(&image, block + "ffn_gate.weight", feedForward, width, dtype, &noise)
      matrix(&image, block + "ffn_up.weight", feedForward, width, dtype, &noise)
      matrix(&image, block + "ffn_down.weight", width, feedForward, dtype, &noise)
    }
    norm(&image, "output_norm.weight", &noise)
    if !tied { matrix(&image, "output.weight", vocabulary, width, dtype, &noise) }
    return image
  }

  private func setHyperparameters(_ image: inout GGUFImage) {
    image.set("general.architecture", string: "llama")
    image.set("general.type", string: "model")
    image.set("general.name", string: "Tiny Llama with random weights")
    image.set("llama.block_count", uint32: UInt32(layers))
    image.set("llama.context_length", uint32: UInt32(contextLength))
    image.set("llama.embedding_length", uint32: UInt32(width))
    image.set("llama.feed_forward_length", uint32: UInt32(feedForward))
    image.set("llama.attention.head_count", uint32: UInt32(heads))
    image.set("llama.attention.head_count_kv", uint32: UInt32(kvHeads))
    image.set("llama.rope.freq_base", float32: 10_000)
    image.set("llama.attention.layer_norm_rms_epsilon", float32: 1e-5)
    image.set("llama.vocab_size", uint32: UInt32(Self.tokens.count))
    image.set("llama.rope.dimension_count", uint32: UInt32(width / max(heads, 1)))
  }

  private func setVocabulary(_ image: inout GGUFImage) {
    image.set("tokenizer.ggml.add_space_prefix", bool: false)
    image.set("tokenizer.ggml.add_bos_token", bool: false)
    image.set("tokenizer.ggml.model", string: "gpt2")
    image.set("tokenizer.ggml.pre", string: "smollm")
    image.set("tokenizer.ggml.tokens", strings: Self.tokens.map { Array($0.utf8) })
    image.set(
      "tokenizer.ggml.token_type", int32s: Self.tokens.indices.map { $0 < Self.specials.count ? 3 : 1 })
    image.set("tokenizer.ggml.merges", strings: Self.merges.map { Array($0.utf8) })
    image.set("tokenizer.ggml.bos_token_id", uint32: 1)
    image.set("tokenizer.ggml.eos_token_id", uint32: 2)
    image.set("tokenizer.ggml.unknown_token_id", uint32: 0)
    image.set("tokenizer.ggml.padding_token_id", uint32: 2)
    image.set("tokenizer.chat_template", string: Self.chatTemplate)
    image.set("general.quantization_version", uint32: 2)
  }

  private func matrix(
    _ image: inout GGUFImage, _ name: String, _ rows: Int, _ columns: Int, _ dtype: DType, _ noise: inout GGUFNoise
  ) {
    let scale = 1 / Float(columns).squareRoot()
    image.tensors.append(
      GGUFImage.Tensor(
        name, extents: [UInt64(columns), UInt64(rows)], type: GGUFTensorType.code(of: dtype) ?? 0,
        data: noise.weights(rows * columns, dtype: dtype, scale: scale)))
  }

  private func norm(_ image: inout GGUFImage, _ name: String, _ noise: inout GGUFNoise) {
    let values = (0..<width).map { _ in 1 + noise.signed() / 4 }
    image.tensors.append(
      GGUFImage.Tensor(
        name, extents: [UInt64(width)], type: 0, data: values.flatMap { GGUFBytes.u32($0.bitPattern) }))
  }
}
