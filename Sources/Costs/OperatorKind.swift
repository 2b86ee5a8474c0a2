/// What an operator does, by name; a program that brings operators of its own names them here too.
public struct OperatorKind: RawRepresentable, Sendable, Hashable, Codable {
  /// The name.
  public let rawValue: String
  /// A kind of the given name.
  public init(rawValue: String) { self.rawValue = rawValue }
}

extension OperatorKind {
  /// Products with packed weights.
  public static let linear = OperatorKind(rawValue: "linear")
  /// Products of dense matrices.
  public static let matmul = OperatorKind(rawValue: "matmul")
  /// Rows rounded for products of integers.
  public static let quantize = OperatorKind(rawValue: "quantize")
  /// Matrices laid out for products.
  public static let pack = OperatorKind(rawValue: "pack")
  /// Queries that read keys and values.
  public static let attention = OperatorKind(rawValue: "attention")
  /// Its gradient.
  public static let attentionBackward = OperatorKind(rawValue: "attentionBackward")
  /// Recurrent cells over a sequence.
  public static let recurrence = OperatorKind(rawValue: "recurrence")
  /// Keys and values written to their cache.
  public static let cacheAppend = OperatorKind(rawValue: "cacheAppend")
  /// Rotation by positions.
  public static let rope = OperatorKind(rawValue: "rope")
  /// Rows of a table of embeddings.
  public static let embedding = OperatorKind(rawValue: "embedding")
  /// Root mean square norms.
  public static let rmsNorm = OperatorKind(rawValue: "rmsNorm")
  /// Layer norms.
  public static let layerNorm = OperatorKind(rawValue: "layerNorm")
  /// Softmax of rows, and its logarithm.
  public static let softmax = OperatorKind(rawValue: "softmax")
  /// Functions of single elements.
  public static let elementwise = OperatorKind(rawValue: "elementwise")
  /// Sums, means and extremes.
  public static let reduction = OperatorKind(rawValue: "reduction")
  /// The largest elements of rows.
  public static let topK = OperatorKind(rawValue: "topK")
  /// Rows chosen by index.
  public static let gather = OperatorKind(rawValue: "gather")
  /// Rows written to places given by index.
  public static let scatter = OperatorKind(rawValue: "scatter")
  /// Copies, and changes of the element type.
  public static let copy = OperatorKind(rawValue: "copy")
  /// Tensors filled with numbers.
  public static let fill = OperatorKind(rawValue: "fill")
}
