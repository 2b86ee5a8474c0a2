import ArgumentParser
import Console
import Server

/// Which models stay loaded.
package struct ShelfOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Unload a model that nobody used for so long; 0 keeps it.", valueName: "seconds"))
  package var timeToLive = 0.0

  @Option(
    help: ArgumentHelp(
      "The most models that are loaded at one time; the one that was used least recently goes for another.",
      valueName: "models"))
  package var maxLoaded: Int?

  @Option(
    help: ArgumentHelp(
      "The most memory of all loaded models, weights and sequences' states; each model's states get a quarter of it, but room "
        + "for one full sequence.", valueName: "bytes, 512M, 8G"))
  package var maxModelMemory: ByteCount?

  package init() {}

  /// The limits of a shelf on which so many models are loaded at the start, and so many requests may wait.
  ///
  /// - Throws: ``CommandFailure``.
  func limits(first: Int, waiting: Int) throws -> ShelfLimits {
    var limits = ShelfLimits()
    limits.timeToLive = timeToLive
    if let maxLoaded { limits.loaded = maxLoaded }
    if let maxModelMemory { limits.bytes = maxModelMemory.bytes }
    limits.waiting = waiting
    if limits.loaded > 0, limits.loaded < first {
      throw CommandFailure(
        status: .usage, kind: "usage",
        message: "--max-loaded \(limits.loaded): \(first) models are loaded at the start")
    }
    do { try limits.validate() } catch { throw ServeProgram.failure(error) }
    return limits
  }

  /// The most bytes of the states of a model, of which one full sequence takes so many; `nil` leaves it to the engine.
  func stateBytes(fullSequence: Int) -> Int? { maxModelMemory.map { max(fullSequence, $0.bytes / 4) } }
}
