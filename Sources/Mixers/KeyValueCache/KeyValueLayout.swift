import CVenturi
import Layers
import NumericTypes

/// Where a page keeps what: for each layer and kv head K as 16 panels [d][16 keys], then V as groups
/// [⌈d/16⌉][256 keys][16 dims], in one element type; with i8 the scales of 256 keys and 256 values follow, f32. Where blocks of keys
/// are chosen by their means, those of a page's 16 blocks follow as a panel [d][16 blocks], f32.
///
/// An element of i8 is round(x / s), s = max |x| / 127 over the key's or the value's d numbers, which were turned by a
/// Hadamard matrix before, so that none stands out (QuaRot, arXiv 2404.00456): 8 + 32/d bits a number.
public struct KeyValueLayout: Sendable, Hashable {
  /// The tokens of a page.
  public static let pageTokens = Int(VT_ATTENTION_PAGE)

  /// The keys of a block.
  public static let blockTokens = Int(VT_ATTENTION_PANEL)

  /// The number of layers.
  public let layers: Int
  /// The number of kv heads of a layer.
  public let kvHeads: Int
  /// The width of a head.
  public let headDim: Int
  /// The element type: f32, f16 or i8.
  public let dtype: DType
  /// Whether the means of every 16 keys are kept.
  public let hasBlockMeans: Bool

  /// A layout for sizes that may come from a model file.
  ///
  /// - Throws: ``/Layers/MixerError/invalidSetting(field:value:expected:)``,
  ///   ``/Layers/MixerError/unexpectedType(argument:_:)``.
  public init(
    layers: Int, kvHeads: Int, headDim: Int, dtype: DType = .f16, hasBlockMeans: Bool = false
  ) throws(MixerError) {
    guard 1...4096 ~= layers else { throw .invalidSetting(field: "layers", value: layers, expected: "1…4096") }
    guard 1...4096 ~= kvHeads else { throw .invalidSetting(field: "kvHeads", value: kvHeads, expected: "1…4096") }
    guard 1...1024 ~= headDim else { throw .invalidSetting(field: "headDim", value: headDim, expected: "1…1024") }
    // Keys of 8 bits are turned; the queries that choose among means are not.
    guard [.f32, .f16].contains(dtype) || (dtype == .i8 && !hasBlockMeans) else {
      throw .unexpectedType(argument: "dtype", dtype)
    }
    self.layers = layers
    self.kvHeads = kvHeads
    self.headDim = headDim
    self.dtype = dtype
    self.hasBlockMeans = hasBlockMeans
  }

  /// The bytes of one page: all layers of 256 tokens.
  public var pageBytes: Int { layers * layerBytes }

  private var isScaled: Bool { dtype == .i8 }
  private var keyBytes: Int { Self.pageTokens * headDim * dtype.blockBytes }
  private var elementBytes: Int { keyBytes + Self.pageTokens * ((headDim + 15) / 16 * 16) * dtype.blockBytes }
  /// From a head's keys to the means of their blocks.
  var meansBytes: Int { elementBytes + (isScaled ? 2 * Self.pageTokens * 4 : 0) }
  var headBytes: Int { meansBytes + (hasBlockMeans ? Self.pageTokens / Self.blockTokens * headDim * 4 : 0) }
  var layerBytes: Int { kvHeads * headBytes }
  /// The bytes that one key of a head takes, and so does its value.
  var vectorBytes: Int { Self.vectorBytes(dtype, headDim: headDim) }

  /// The bytes that one key of a head of `headDim` numbers takes, and so does its value.
  package static func vectorBytes(_ dtype: DType, headDim: Int) -> Int {
    headDim * dtype.blockBytes + (dtype == .i8 ? 4 : 0)
  }

  /// The kernels' form.
  var kernelLayout: vt_attention_layout {
    vt_attention_layout(
      head_dim: Int32(headDim),
      element: dtype == .f32 ? VT_ATTENTION_F32 : isScaled ? VT_ATTENTION_I8 : VT_ATTENTION_F16,
      head_bytes: Int64(headBytes), values_bytes: Int64(keyBytes), scales_bytes: Int64(elementBytes))
  }

  /// The pages that `tokens` tokens take.
  package static func pages(_ tokens: Int) -> Int { (tokens + pageTokens - 1) / pageTokens }
}
