/// What a model is for.
public enum ModelKind: String, Sendable {
  /// Goes on with text.
  case language
  /// Makes vectors of texts.
  case embedding
}
