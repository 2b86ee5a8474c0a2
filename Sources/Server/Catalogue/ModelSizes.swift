import Inference

/// What is told of a model beside its name; known once it has been loaded, and kept.
public struct ModelSizes: Sendable, Hashable {
  /// The longest sequence here, in tokens.
  public var contextLength: Int
  /// The longest sequence that the model was made for, in tokens.
  public var trainedContextLength: Int
  /// Its tokens.
  public var vocabulary: Int
  /// The width of a token's vector.
  public var width: Int
  /// Its weights.
  public var parameters: Int
  /// The bytes of its weights.
  public var weightBytes: Int

  /// The sizes of a loaded model.
  public init(_ model: ServedModel) {
    let description = model.description
    contextLength = model.contextLength
    trainedContextLength = description.contextLength
    vocabulary = description.vocabularySize
    width = description.width
    parameters = description.parameters
    weightBytes = description.weightBytes
  }
}
