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
