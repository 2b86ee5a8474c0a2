import Models
import NumericTypes
import Tensors

extension TinyLlama {
  /// The model of ``file(seed:dtype:embeddingDType:tied:)``, loaded without a file.
  ///
  /// - Throws: what loading throws.
  public static func model(
    dtype: DType = .f32, options: LoadOptions = LoadOptions(), context: Context
  ) throws -> any LanguageModel {
    let bytes = file(dtype: dtype)
    let storage = try Storage(byteCount: bytes.count, allocator: Allocator(cacheLimit: 0))
    storage.base.copyMemory(from: bytes, byteCount: bytes.count)
    return try ModelLoader.load(Checkpoint(gguf: storage), options: options, context: context).model
  }
}
