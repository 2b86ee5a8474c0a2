import Formats

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The finished cells of a long table, kept in a file after each, so that an interrupted run goes on where it was.
public final class CellStore {
  /// The file.
  public let path: String
  private var cells: [JSON.Member] = []
  private static let format = "venturi-bench-1"

  /// Opens the store at `path`, empty where there is no file.
  ///
  /// - Throws: ``ProfilingError/damagedStore(path:problem:)`` for a file that is no store,
  ///   ``ProfilingError/file(path:code:)``.
  public init(path: String) throws(ProfilingError) {
    self.path = path
    guard access(path, F_OK) == 0 else { return }
    let bytes = try readWholeFile(path)
    let content: JSON
    do throws(JSONError) { content = try JSON(parsing: bytes) } catch {
      throw .damagedStore(path: path, problem: error.description)
    }
    guard content["format"]?.text == Self.format, let cells = content["cells"]?.members else {
      throw .damagedStore(path: path, problem: "not a store of benchmark results")
    }
    self.cells = cells
  }

  /// The number of cells.
  public var count: Int { cells.count }

  /// The cell of `key`, if it is finished.
  public subscript(key: String) -> JSON? { cells.first { $0.key == key }?.value }

  /// Keeps a cell: it is on the disk when this returns.
  ///
  /// - Throws: ``ProfilingError/file(path:code:)``.
  public func store(_ cell: JSON, for key: String) throws(ProfilingError) {
    cells.removeAll { $0.key == key }
    cells.append(JSON.Member(key, cell))
    let content: JSON = ["format": .string(Self.format), "cells": .object(cells)]
    try writeFileAtomically(path, Array((content.pretty + "\n").utf8))
  }

  /// The cell of `key`, measured now unless it is there.
  ///
  /// - Throws: what `measure` throws; ``ProfilingError/file(path:code:)``.
  public func cell(_ key: String, _ measure: () throws -> JSON) throws -> JSON {
    if let known = self[key] { return known }
    let fresh = try measure()
    try store(fresh, for: key)
    return fresh
  }
}
