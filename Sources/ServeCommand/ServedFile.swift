import Console
import Server
import Venturi

/// A model that is to be served: what requests call it, and where its file is.
struct ServedFile: Sendable {
  let id: String
  let path: String

  /// What the command line says: `MODEL`, or `NAME=MODEL`.
  ///
  /// - Throws: ``CommandFailure`` when there is no such model.
  init(_ argument: String) throws {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    if parts.count == 2, !parts[0].contains("/") {
      guard !parts[0].isEmpty, !parts[1].isEmpty else {
        throw CommandFailure(status: .usage, kind: "usage", message: "--model \(argument): NAME=MODEL is expected")
      }
      (id, path) = (String(parts[0]), try ModelAccess.path(of: String(parts[1])))
    } else {
      (id, path) = (Self.id(argument), try ModelAccess.path(of: argument))
    }
  }

  /// What requests call a model: its name, or its file's without the ending.
  private static func id(_ model: String) -> String {
    let name = model.split(separator: "/").last.map(String.init) ?? model
    return name.hasSuffix(".gguf") ? String(name.dropLast(5)) : name
  }

  /// The item of a language model.
  func item(_ options: EngineOptions, _ shelf: ShelfOptions, aliases: [String], isLoadedFirst: Bool) -> ShelfItem {
    var options = options
    let need = try? Engine.memoryNeed(of: path, options: options)
    options.stateMemoryLimit = shelf.stateBytes(fullSequence: need?.fullSequence ?? 0)
    let states = options.stateMemoryLimit ?? need?.fullSequence ?? 0
    return ShelfItem(
      id: id, aliases: aliases, isLoadedFirst: isLoadedFirst, expectedBytes: need?.weights.addingClamped(states) ?? 0
    ) { [path, options] in .language(try await Engine.load(path, options: options)) }
  }

  /// The item of an encoder, which is loaded at the start.
  func item(_ options: EmbedderOptions) -> ShelfItem {
    let need = try? Engine.memoryNeed(of: path, options: EngineOptions(threads: options.threads, profile: .none))
    return ShelfItem(id: id, kind: .embedding, isLoadedFirst: true, expectedBytes: need?.weights ?? 0) { [path] in
      .embedding(try await Embedder.load(path, options: options))
    }
  }
}
