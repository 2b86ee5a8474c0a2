import Formats
import Models

/// An adapter that an engine may load: what it is called, where it lies and how strongly it counts.
public struct AdapterSource: Sendable, Hashable {
  /// The name.
  public var name: String
  /// A folder of PEFT's, or a GGUF file.
  public var path: String
  /// A factor for its changes; 1 for those that were trained.
  public var scale: Float

  /// An adapter by its place; its name is the folder's, or the file's without its ending.
  public init(path: String, name: String? = nil, scale: Float = 1) {
    let last = path.split(separator: "/").last.map(String.init) ?? path
    self.name = name ?? (last.hasSuffix(".gguf") ? String(last.dropLast(5)) : last)
    self.path = path
    self.scale = scale
  }
}

extension AdapterSource {
  /// The adapters in a folder, by name: each folder in it that PEFT wrote, and each `.gguf` file.
  package static func all(in folder: String) -> [AdapterSource] {
    Files.names(in: folder).map { AdapterSource(path: "\(folder)/\($0)") }
      .filter { LowRankAdapter.isPresent(at: $0.path) }
  }

  /// The adapter's changes, made for the base whose ``ModelFingerprint/digest`` is `baseHash`, where both say one.
  ///
  /// - Throws: `ModelError` for an adapter of another base; `FormatError` and `TensorError` as reading it does.
  package func read(baseHash: String?) throws -> LowRankAdapter {
    let adapter = try LowRankAdapter(path: path)
    if let own = adapter.baseHash, let baseHash, own != baseHash {
      throw ModelError.adapter(
        target: "base", problem: "it was made for a model with the digest \(own), this one has \(baseHash)")
    }
    return adapter
  }
}
