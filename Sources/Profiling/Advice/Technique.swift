import Inference

/// A way of making a model faster or smaller that takes part in `optimize`.
public protocol Technique: Sendable {
  /// Its name.
  var name: String { get }

  /// The narrow places that it can widen; a profile names it where it finds one of them.
  var addresses: [Bottleneck] { get }

  /// What it could do for a subject; nothing where it does not apply. Advices of one technique exclude each other.
  ///
  /// - Throws: why it cannot tell.
  func advice(for subject: Subject) throws -> [Advice]

  /// The extension by which its setting takes effect; `nil` for what the engine itself can do.
  var engineExtension: (any EngineExtension)? { get }
}

extension Technique {
  /// None: the engine's own settings are enough.
  public var engineExtension: (any EngineExtension)? { nil }
}
