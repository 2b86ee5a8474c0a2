import Formats
import Tensors

/// An adapter that a model has loaded: runs of a batch name it.
public final class ModelAdapter: Sendable {
  /// The bytes that it takes.
  public let bytes: Int
  let set: LowRankSet
  /// Whose it is.
  let owner: ObjectIdentifier

  init(_ set: LowRankSet, bytes: Int, owner: AnyObject) {
    self.set = set
    self.bytes = bytes
    self.owner = ObjectIdentifier(owner)
  }
}

/// A model whose weight matrices adapters can change, for each run of a batch another one or none.
public protocol AdaptableModel: LanguageModel {
  /// Whether there is anything that adapters can change.
  var takesAdapters: Bool { get }

  /// The adapter with GGUF's names and order of rows.
  ///
  /// - Throws: ``ModelError/adapter(target:problem:)`` for one that is not this model's; ``/Formats/FormatError``.
  func translated(_ adapter: LowRankAdapter) throws -> LowRankAdapter

  /// The bytes that an adapter would take.
  ///
  /// - Throws: ``ModelError/adapter(target:problem:)`` for one that is not this model's; ``/Formats/FormatError``.
  func bytes(of adapter: LowRankAdapter) throws -> Int

  /// Makes an adapter ready for batches.
  ///
  /// - Parameters:
  ///   - adapter: its changes.
  ///   - scale: a factor for all of them.
  /// - Throws: as ``bytes(of:)``, and ``/Tensors/TensorError/outOfMemory(bytes:)``.
  func load(_ adapter: LowRankAdapter, scale: Float) throws -> ModelAdapter
}
