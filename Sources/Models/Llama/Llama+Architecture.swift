// Touvron et al.: LLaMA: open and efficient foundation language models, 2023 (https://arxiv.org/abs/2302.13971).

import Formats

extension Architecture {
  /// Llama 1 to 3 and what is built like it: pre-norm blocks of rotary grouped-query attention and gated feed-forward
  /// layers.
  ///
  /// llama.cpp's converter stores q and k so that rotation turns neighbouring pairs. Llama 3's scaled frequencies come as
  /// divisors, `rope_freqs.weight`.
  static let llama = Architecture.decoder(
    name: "llama", huggingFaceTypes: ["llama"],
    configuration: { file, options in
      try DecoderConfiguration(file, options: options, pairing: .neighbours, normalizesExperts: true)
    },
    translate: LlamaFolder.translation)
}
