import CVenturi
import Layers
import Numerics

/// Where a page keeps what: for each layer and kv head K as 16 panels [d][16 keys], then V as groups
/// [⌈d/16⌉][256 keys][16 dims], in one element type.
public struct KeyValueLayout: Sendable, Hashable {
  /// The tokens of a page.
  public static let pageTokens = Int(VT_ATTENTION_PAGE)

  /// The number of layers.
  public let layers: Int
  /// The number of kv heads of a layer.
  public let kvHeads: Int
  /// The width of a head.
  public let headDim: Int
  /// The element type: f16 or f32.
  public let dtype: DType

  /// A layout for sizes that may come from a model file.
  ///
  /// - Throws: ``/Layers/MixerError/invalidSetting(field:value:expected:)``,
  ///   ``/Layers/MixerError/unexpectedType(argument:_:)``.
  public init(layers: Int, kvHeads: Int, headDim: Int, dtype: DType = .f16) throws(MixerError) {
    guard 1...4096 ~= layers else { throw .invalidSetting(field: "layers", value: layers, expected: "1…4096") }
    guard 1...4096 ~= kvHeads else { throw .invalidSetting(field: "kvHeads", value: kvHeads, expected: "1…4096") }
    guard 1...1024 ~= headDim else { throw .invalidSetting(field: "headDim", value: headDim, expected: "1…1024") }
    guard dtype == .f16 || dtype == .f32 else { throw .unexpectedType(argument: "dtype", dtype) }
    self.layers = layers
    self.kvHeads = kvHeads
    self.headDim = headDim
    self.dtype = dtype
  }

  /// The bytes of one page: all layers of 256 tokens.
  public var pageBytes: Int { layers * layerBytes }

  var isHalf: Bool { dtype == .f16 }
  var keyBytes: Int { Self.pageTokens * headDim * dtype.blockBytes }
  var headBytes: Int { keyBytes + Self.pageTokens * ((headDim + 15) / 16 * 16) * dtype.blockBytes }
  var layerBytes: Int { kvHeads * headBytes }

  /// The pages that `tokens` tokens take.
  package static func pages(_ tokens: Int) -> Int { (tokens + pageTokens - 1) / pageTokens }
}
