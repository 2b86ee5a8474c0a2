import Formats
import Models
import NumericTypes
import Synchronization
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The adapters of an engine: each is loaded when a generation needs it and stays until another needs its room.
///
/// Those that are in use stay. The least recently used go first. An adapter has a version, which is another one once its
/// file has changed: what was computed with one version serves no other.
final class AdapterRegistry: Sendable {
  /// An adapter that is in use.
  struct Lease: Sendable {
    let name: String
    let adapter: ModelAdapter
    let version: Int
  }

  /// What tells a file from what it was before.
  private struct Identity: Hashable {
    var numbers: [Int]

    init(_ path: String) {
      numbers = []
      for name in [
        path, "\(path)/\(LowRankAdapter.configurationFileName)", "\(path)/\(LowRankAdapter.weightsFileName)",
      ] {
        var status = stat()
        guard stat(name, &status) == 0 else { continue }
        #if canImport(Darwin)
          let time = status.st_mtimespec
        #else
          let time = status.st_mtim
        #endif
        numbers += [Int(status.st_ino), Int(status.st_size), Int(time.tv_sec), Int(time.tv_nsec)]
      }
    }
  }

  private struct Slot {
    var bytes: Int
    var adapter: ModelAdapter?
    var users = 0
    var lastUse = 0
    var version = 0
    var identity: Identity?
  }

  private struct Book {
    var slots: [String: Slot] = [:]
    var bytes = 0
    var clock = 0
    var versions = 0
    var loads = 0
    var evictions = 0
  }

  let sources: [AdapterSource]
  /// The most bytes of loaded adapters.
  let limit: Int
  private let model: any AdaptableModel
  private let baseHash: String?
  private let book: Mutex<Book>

  /// Reads every adapter once, so that one that does not fit the model is known from the start; none stays loaded.
  ///
  /// - Parameters:
  ///   - sources: the adapters, each with another name.
  ///   - model: the model that they are for.
  ///   - baseHash: the digest of its files, which adapters that say one must have.
  ///   - limit: the most bytes of loaded adapters.
  /// - Throws: ``InferenceError/adapter(name:problem:)``.
  init(
    _ sources: [AdapterSource], model: any LanguageModel, baseHash: String?, limit: Int
  ) throws(InferenceError) {
    guard let model = model as? any AdaptableModel, model.takesAdapters else {
      throw .adapter(
        name: sources.first?.name ?? "", problem: "models of '\(model.description.architecture)' take no adapters")
    }
    var book = Book()
    for source in sources {
      guard ModelHome.isPlain(source.name) else {
        throw .adapter(name: source.name, problem: "a name is letters, digits, '.', '_' and '-', no '.' first")
      }
      guard source.scale.isFinite, source.scale.magnitude <= 1e6 else {
        throw .adapter(name: source.name, problem: "a scale of \(source.scale)")
      }
      let need: Int
      do {
        need = try model.bytes(of: source.read(baseHash: baseHash))
      } catch { throw .adapter(name: source.name, problem: "\(error)") }
      guard need <= limit else {
        throw .adapter(name: source.name, problem: "it takes \(need) bytes where adapters may take \(limit)")
      }
      guard book.slots.updateValue(Slot(bytes: need), forKey: source.name) == nil else {
        throw .adapter(name: source.name, problem: "two adapters have this name")
      }
    }
    self.sources = sources
    self.limit = min(limit, book.slots.values.reduce(0) { $0.addingClamped($1.bytes) })
    self.model = model
    self.baseHash = baseHash
    self.book = Mutex(book)
  }

  /// What is loaded now.
  var counts: (loaded: Int, bytes: Int, loads: Int, evictions: Int) {
    book.withLock { book in
      (book.slots.values.count { $0.adapter != nil }, book.bytes, book.loads, book.evictions)
    }
  }

  /// Whether an adapter can be used now: it is loaded, or there is room beside those in use.
  func hasRoom(for name: String) -> Bool {
    book.withLock { book in
      guard let slot = book.slots[name], slot.adapter == nil else { return true }
      let pinned = book.slots.values.reduce(0) { $0 + ($1.users > 0 && $1.adapter != nil ? $1.bytes : 0) }
      return pinned.addingClamped(slot.bytes) <= limit
    }
  }

  /// An adapter for one who uses it until ``release(_:)``; loaded when it is not there or when its file has changed.
  ///
  /// The compute thread alone calls this.
  ///
  /// - Throws: ``InferenceError/adapter(name:problem:)``.
  func acquire(_ name: String) throws(InferenceError) -> Lease {
    guard let source = sources.first(where: { $0.name == name }) else {
      throw .unknownAdapter(name: name, known: sources.map(\.name))
    }
    let identity = Identity(source.path)
    let known: Lease? = book.withLock { book in
      guard var slot = book.slots[name], let adapter = slot.adapter, slot.identity == identity || slot.users > 0 else {
        return nil
      }
      book.clock += 1
      slot.users += 1
      slot.lastUse = book.clock
      book.slots[name] = slot
      return Lease(name: name, adapter: adapter, version: slot.version)
    }
    if let known { return known }
    do { return try load(source, identity) } catch {
      if let error = error as? InferenceError { throw error }
      throw .adapter(name: name, problem: "\(error)")
    }
  }

  private func load(_ source: AdapterSource, _ identity: Identity) throws -> Lease {
    let changes = try source.read(baseHash: baseHash)
    let need = try model.bytes(of: changes)
    try makeRoom(for: need, besides: source.name)
    let adapter = try model.load(changes, scale: source.scale)
    return book.withLock { book in
      book.clock += 1
      book.loads += 1
      book.bytes += adapter.bytes
      let before = book.slots[source.name]
      // The same file again is the same adapter: what was computed with it still holds.
      var version = before?.version ?? 0
      if version == 0 || before?.identity != identity {
        book.versions += 1
        version = book.versions
      }
      book.slots[source.name] = Slot(
        bytes: adapter.bytes, adapter: adapter, users: 1, lastUse: book.clock, version: version, identity: identity)
      return Lease(name: source.name, adapter: adapter, version: version)
    }
  }

  /// Lets go of an older form of the adapter and of the least recently used others.
  private func makeRoom(for need: Int, besides name: String) throws(InferenceError) {
    let fits = book.withLock { book in
      func drop(_ name: String) {
        book.bytes -= book.slots[name]?.bytes ?? 0
        book.slots[name]?.adapter = nil
        book.evictions += 1
      }
      if book.slots[name]?.adapter != nil { drop(name) }
      while book.bytes.addingClamped(need) > limit {
        let idle = book.slots.filter { $0.value.adapter != nil && $0.value.users == 0 }
        guard let oldest = idle.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return false }
        drop(oldest.key)
      }
      return true
    }
    if !fits {
      throw .adapter(name: name, problem: "it takes \(need) bytes, which those in use do not leave of \(limit)")
    }
  }

  /// One who used an adapter is done.
  func release(_ lease: Lease) {
    book.withLock { $0.slots[lease.name]?.users -= 1 }
  }
}
