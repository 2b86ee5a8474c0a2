import Inference
import Synchronization

/// Models that are loaded when they are asked for and unloaded when nobody uses them or others need their room.
///
/// A model that is used stays. Those who ask for one that is on its way share the load; those for whom there is no room yet
/// wait in the order in which they came.
///
/// ```swift
/// let shelf = try ModelShelf(
///   [ShelfItem(id: "smollm2") { .language(try await Engine.load("smollm2")) }], limits: ShelfLimits())
/// ```
public final class ModelShelf: ModelCatalogue {
  /// What happens to a model, for a log.
  public enum Event: Sendable {
    case loaded(String, ServedModel)
    case failed(String, String)
    case unloaded(String)
  }

  private struct Book {
    var plan: ShelfPlan
    var entries: [ModelEntry]
    var waiting: [Int: CheckedContinuation<Void, any Error>] = [:]
    var loading = 0
    var isStopped = false
    var stopping: [CheckedContinuation<Void, Never>] = []
    /// Whether a task waits for the next model that has been without use for long enough.
    var hasTimer = false
  }

  private let items: [ShelfItem]
  private let book: Mutex<Book>
  private let start = ContinuousClock.now
  private let report: @Sendable (Event) -> Void

  /// A shelf; nothing is loaded.
  ///
  /// - Parameters:
  ///   - items: the models in the order in which they are listed.
  ///   - limits: how many are loaded at one time, and for how long.
  ///   - report: called when something happened to a model.
  /// - Throws: ``ServerError/invalidSetting(field:value:problem:)``.
  public init(
    _ items: [ShelfItem], limits: ShelfLimits, report: @escaping @Sendable (Event) -> Void = { _ in }
  ) throws(ServerError) {
    try limits.validate()
    var names = Set<String>()
    for name in items.flatMap({ [$0.id] + $0.aliases }) where !names.insert(name).inserted {
      throw .invalidSetting(field: "models", value: name, problem: "is the name of two models")
    }
    self.items = items
    self.report = report
    let now = Int.secondsSince1970
    let entries = items.map {
      ModelEntry(id: $0.id, aliases: $0.aliases, kind: $0.kind, created: now, status: .unloaded)
    }
    book = Mutex(Book(plan: ShelfPlan(bytes: items.map(\.expectedBytes), limits: limits), entries: entries))
  }

  /// All models, with where they are now.
  public var entries: [ModelEntry] {
    book.withLock { book in
      zip(book.entries, book.plan.slots).enumerated().map { index, pair in
        var (entry, slot) = pair
        entry.status =
          switch slot.phase {
          case .absent, .leaving: entry.problem == nil ? .unloaded : .failed
          case .loading: .loading
          case .present: .loaded
          }
        entry.bytes = slot.phase == .absent ? 0 : slot.bytes
        (entry.loads, entry.failures) = (slot.loads, slot.failures)
        (entry.evictions, entry.expiries) = (slot.evictions, slot.expiries)
        entry.waiting = book.plan.waiting(for: index)
        return entry
      }
    }
  }

  /// Ready when the models that are loaded at the start have been loaded once; one that fails later is told to those who ask
  /// for it.
  public var readiness: CatalogueReadiness {
    book.withLock { book in
      let first = zip(items, book.plan.slots).filter(\.0.isLoadedFirst).map(\.1).filter { $0.loads == 0 }
      if first.contains(where: { $0.failures > 0 && $0.phase == .absent }) { return .failed }
      return first.isEmpty ? .ready : .loading
    }
  }

  /// The bytes that are taken, those of models on their way in and out included.
  public var bytes: Int { book.withLock { $0.plan.bytes } }

  /// Loads the models that are there from the start, one after the other.
  ///
  /// - Throws: what loading them throws; `CancellationError` when the shelf is stopped meanwhile.
  public func loadFirst() async throws {
    for (index, item) in items.enumerated() where item.isLoadedFirst {
      do { _ = try await take(index) } catch let failure as RequestFailure where failure == .draining {
        throw CancellationError()
      }
    }
  }

  /// The model that a request calls, once it is loaded.
  ///
  /// - Throws: ``RequestFailure``; `CancellationError`.
  public func model(_ name: String?, _ kind: ModelKind) async throws -> ServedModel {
    let index = try book.withLock { try $0.entries.index(of: name, kind) }
    do { return try await take(index) } catch {
      if error is CancellationError || error is RequestFailure { throw error }
      let seconds = book.withLock { $0.plan.limits.retry }
      throw RequestFailure.modelFailed(items[index].id, "\(error)", retryAfter: Self.wholeSeconds(seconds))
    }
  }

  private static func wholeSeconds(_ seconds: Double) -> Int { Int(min(3600, max(1, seconds.rounded(.up)))) }

  private var now: Double { start.seconds(to: .now) }

  /// A model for one who uses it until the last reference to it is gone.
  private func take(_ index: Int) async throws -> ServedModel {
    try await wait(for: index)
    // From here on the model is used: whatever happens, the lease ends that.
    let lease = ShelfLease { [self] in release(index) }
    guard let model = book.withLock({ $0.entries[index].model }) else {
      preconditionFailure("a model that is used is loaded")
    }
    return model.lent(holding: lease)
  }

  /// Returns when the model is loaded and counted as used.
  private func wait(for index: Int) async throws {
    let ticket = Mutex<Int?>(nil)
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        let outcome: Result<Void, any Error>? = book.withLock { book in
          switch book.isStopped ? nil : book.plan.ask(index, at: now) {
          case .taken: return .success(())
          case .waiting(let number):
            book.waiting[number] = continuation
            ticket.withLock { $0 = number }
            return nil
          case .full:
            return .failure(
              RequestFailure.overloaded(
                "\(book.waiting.count) requests wait for models to be loaded; at most \(book.plan.limits.waiting) may",
                retryAfter: Self.wholeSeconds(book.plan.limits.retry)))
          case .failed(let seconds):
            let problem = book.entries[index].problem ?? ""
            return .failure(
              RequestFailure.modelFailed(items[index].id, problem, retryAfter: Self.wholeSeconds(seconds)))
          case nil: return .failure(RequestFailure.draining)
          }
        }
        if let outcome { return continuation.resume(with: outcome) }
        // A cancellation that came before had no ticket to withdraw.
        if Task.isCancelled { ticket.withLock { $0 }.map(withdraw) }
        go()
      }
    } onCancel: {
      ticket.withLock { $0 }.map(withdraw)
    }
  }

  private func withdraw(_ ticket: Int) {
    let continuation = book.withLock { book in
      // One whose turn has come takes the model, and lets go of it at once.
      book.waiting[ticket] != nil && book.plan.withdraw(ticket) ? book.waiting.removeValue(forKey: ticket) : nil
    }
    continuation?.resume(throwing: CancellationError())
    if continuation != nil { go() }
  }

  private func release(_ index: Int) {
    let now = now
    book.withLock { $0.plan.release(index, at: now) }
    go()
  }

  /// Does what can be done now.
  private func go() {
    let now = now
    let (served, loads, unloads, timer) = book.withLock { book in
      var served: [CheckedContinuation<Void, any Error>] = []
      var (loads, unloads): ([Int], [(Int, ServedModel)]) = ([], [])
      for step in book.isStopped ? [] : book.plan.steps(at: now) {
        switch step {
        case .serve(let ticket): if let waiter = book.waiting.removeValue(forKey: ticket) { served.append(waiter) }
        case .load(let index):
          book.entries[index].problem = nil
          book.loading += 1
          loads.append(index)
        case .unload(let index):
          if let model = book.entries[index].model { unloads.append((index, model)) }
          book.entries[index].model = nil
        }
      }
      let timer = book.hasTimer || book.isStopped ? nil : book.plan.nextExpiry.map { $0 - now }
      if timer != nil { book.hasTimer = true }
      return (served, loads, unloads, timer)
    }
    for waiter in served { waiter.resume() }
    for index in loads { Task { await load(index) } }
    for (index, model) in unloads { unload(index, model) }
    if let timer {
      Task { [weak self] in
        try? await Task.sleep(for: .seconds(max(timer, 0.001)))
        self?.book.withLock { $0.hasTimer = false }
        self?.go()
      }
    }
  }

  private func load(_ index: Int) async {
    let result: Result<ServedModel, any Error>
    do { result = .success(try await items[index].load()) } catch { result = .failure(error) }
    let now = now
    let (failed, stopping) = book.withLock { book in
      book.loading -= 1
      var failed: [CheckedContinuation<Void, any Error>] = []
      switch result {
      case .success(let model):
        book.entries[index].model = model
        book.entries[index].sizes = ModelSizes(model)
        book.plan.loaded(index, bytes: items[index].takenBytes(model), at: now)
      case .failure(let error):
        book.entries[index].problem = "\(error)"
        failed = book.plan.failed(index, at: now).compactMap { book.waiting.removeValue(forKey: $0) }
      }
      defer { if book.loading == 0 { book.stopping = [] } }
      return (failed, book.loading == 0 ? book.stopping : [])
    }
    switch result {
    case .success(let model): report(.loaded(items[index].id, model))
    case .failure(let error):
      report(.failed(items[index].id, "\(error)"))
      for waiter in failed { waiter.resume(throwing: error) }
    }
    for waiter in stopping { waiter.resume() }
    go()
  }

  /// Lets go of a model that nobody uses; its room is free when its memory is.
  private func unload(_ index: Int, _ model: ServedModel) {
    let memory = WeakObject(model.lifetime)
    Task {
      // Who only looks at a model, a listing say, and the thread that computed with it, let go within moments.
      while memory.isThere { try? await Task.sleep(for: .milliseconds(2)) }
      FreeMemory.giveBack()
      book.withLock { $0.plan.unloaded(index) }
      report(.unloaded(items[index].id))
      go()
    }
  }

  /// Refuses who waits and who comes; returns when nothing is being loaded.
  public func stop() async {
    let waiting = book.withLock { book in
      book.isStopped = true
      return book.plan.dismissAll().compactMap { book.waiting.removeValue(forKey: $0) }
    }
    for waiter in waiting { waiter.resume(throwing: RequestFailure.draining) }
    await withCheckedContinuation { continuation in
      let isIdle = book.withLock { book in
        if book.loading > 0 { book.stopping.append(continuation) }
        return book.loading == 0
      }
      if isIdle { continuation.resume() }
    }
  }
}

/// Ends the use of a model when nobody holds it any more.
private final class ShelfLease: Sendable {
  private let end: @Sendable () -> Void
  init(_ end: @escaping @Sendable () -> Void) { self.end = end }
  deinit { end() }
}

/// Tells whether an object is still there.
private final class WeakObject: @unchecked Sendable {
  private weak var object: AnyObject?
  init(_ object: AnyObject) { self.object = object }
  var isThere: Bool { object != nil }
}
