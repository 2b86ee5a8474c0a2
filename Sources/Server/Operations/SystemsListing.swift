import Catalogue
import Formats
import Inference
import ServerPage
import Synchronization

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The catalogue's systems with the results of a folder that `make results` wrote, as one JSON text.
///
/// The folder is looked at whenever the text is asked for, and read again when its file has changed.
final class SystemsListing: Sendable {
  /// A text and the entity tag that belongs to it.
  struct Content: Sendable {
    let bytes: [UInt8]
    let tag: String

    init(_ json: JSON) {
      bytes = Array(json.line.utf8)
      tag = PageFile.tag(of: bytes)
    }
  }

  private struct Stamp: Equatable {
    var date: Date?
    var size: Int
  }

  /// The most bytes of a file of results.
  static let maxBytes = 64 << 20

  private let path: String?
  private let last = Mutex<(stamp: Stamp?, content: Content)?>(nil)

  /// A listing with the results of a folder; without one, of systems alone.
  init(folder: String?) { path = folder.map { "\($0)/results.json" } }

  /// The text as of now. Reads a file: not for Swift's cooperative threads.
  func content() -> Content {
    let stamp = path.flatMap(Self.stamp)
    return last.withLock { last in
      if let last, last.stamp == stamp { return last.content }
      let content = Content(Self.json(path: path, stamp: stamp))
      last = (stamp, content)
      return content
    }
  }

  private static func stamp(_ path: String) -> Stamp? {
    // A pipe would not end.
    guard let found = try? FileManager.default.attributesOfItem(atPath: path),
      found[.type] as? FileAttributeType == .typeRegular
    else { return nil }
    return Stamp(
      date: found[.modificationDate] as? Date, size: (found[.size] as? any BinaryInteger).map { Int(clamping: $0) } ?? 0
    )
  }

  private static func json(path: String?, stamp: Stamp?) -> JSON {
    var results: JSON = .array([])
    var tables: JSON = .array([])
    var problem: JSON = .null
    if let path {
      do {
        let found = try read(path, stamp)
        results = found["results"] ?? results
        tables = found["tables"] ?? tables
      } catch { problem = .string("\(error)") }
    }
    return [
      "version": .string(EngineVersion.number), "systems": .array(Catalogue.entries.map(row)), "results": results,
      "tables": tables, "hasFolder": .bool(path != nil), "problem": problem,
    ]
  }

  private static func row(_ entry: SystemEntry) -> JSON {
    .object((entry.json.members ?? []) + [JSON.Member("keywords", .string(entry.keywords))])
  }

  /// Why there are no results, for the page. The path stays here: clients need not know it.
  private struct Unreadable: Error, CustomStringConvertible {
    let description: String
  }

  private static func read(_ path: String, _ stamp: Stamp?) throws(Unreadable) -> JSON {
    guard let stamp else { throw Unreadable(description: "the folder of results has no results.json") }
    if stamp.size > maxBytes {
      throw Unreadable(description: "results.json has \(stamp.size) bytes; at most \(maxBytes) are read")
    }
    let text: [UInt8]
    do { text = Array(try Data(contentsOf: URL(filePath: path))) } catch {
      throw Unreadable(description: "results.json cannot be read")
    }
    do throws(JSONError) { return try JSON(parsing: text) } catch {
      throw Unreadable(description: "results.json is \(error)")
    }
  }
}
