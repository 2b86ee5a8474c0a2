import Foundation
import Synchronization
import Testing
import Training

@Suite("Loaders") struct DataLoaderTests {
  /// An element tells its number and its epoch; the later ones are ready sooner, so that threads overtake each other.
  private struct Numbers: DataSource {
    let count: Int
    var isSlow = false

    func element(at index: Int, epoch: Int) throws -> [Int] {
      if isSlow { usleep(UInt32((count - index) % 7) * 200) }
      return [index, epoch]
    }
  }

  private struct Broken: Error, Equatable { let index: Int }

  private func options(batch: Int, threads: Int = 1, _ change: (inout DataLoaderOptions) -> Void = { _ in })
    -> DataLoaderOptions
  {
    var options = DataLoaderOptions(batch: batch)
    (options.seed, options.threads) = (11, threads)
    change(&options)
    return options
  }

  /// The batches of so many epochs, each epoch an array.
  private func epochs(_ count: Int, _ loader: DataLoader<Numbers, [[Int]]>) throws -> [[[[Int]]]] {
    try (0..<count).map { _ in
      var batches: [[[Int]]] = []
      while let batch = try loader.next() { batches.append(batch) }
      return batches
    }
  }

  @Test("Each element comes once an epoch, in another order each time", arguments: [0, 1, 3])
  func eachOnce(_ threads: Int) throws {
    for (count, batch) in [(0, 4), (1, 4), (10, 4), (12, 4), (97, 10), (97, 200)] {
      let loader = try DataLoader(Numbers(count: count), options: options(batch: batch, threads: threads))
      let all = try epochs(3, loader)
      for (epoch, batches) in all.enumerated() {
        let elements = batches.flatMap { $0 }
        #expect(elements.map { $0[0] }.sorted() == Array(0..<count))
        #expect(elements.allSatisfy { $0[1] == epoch })
        #expect(batches.dropLast().allSatisfy { $0.count == batch })
      }
      if count > 10 { #expect(Set(all.map { $0.flatMap { $0 }.map { $0[0] } }).count == 3) }
    }
  }

  @Test func withoutShufflingElementsComeByNumber() throws {
    let loader = try DataLoader(Numbers(count: 10), options: options(batch: 4) { $0.shuffles = false })
    #expect(try epochs(1, loader) == [[[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]].map { $0.map { [$0, 0] } }])
    let dropping = try DataLoader(
      Numbers(count: 10), options: options(batch: 4) { ($0.shuffles, $0.dropsLast) = (false, true) })
    #expect(try epochs(2, dropping).map { $0.map(\.count) } == [[4, 4], [4, 4]])
  }

  @Test("The number of threads changes nothing, slow elements or not") func threads() throws {
    let reference = try epochs(2, DataLoader(Numbers(count: 60), options: options(batch: 7, threads: 0)))
    for threads in [1, 2, 3, 8] {
      for ahead in [1, 2, 5] {
        let loader = try DataLoader(
          Numbers(count: 60, isSlow: true), options: options(batch: 7, threads: threads) { $0.ahead = ahead })
        #expect(try epochs(2, loader) == reference, "\(threads) threads, \(ahead) ahead")
      }
    }
  }

  @Test("A run that is resumed anywhere goes on as the uninterrupted one", arguments: [0, 2])
  func resumes(_ threads: Int) throws {
    let settings = options(batch: 8, threads: threads)
    func calls(_ loader: DataLoader<Numbers, [[Int]]>, _ count: Int) throws -> [[[Int]]?] {
      try (0..<count).map { _ in try loader.next() }
    }
    // 51 elements make 7 batches and an end.
    let whole = try calls(DataLoader(Numbers(count: 51), options: settings), 100)
    for stop in 0..<100 {
      let first = try DataLoader(Numbers(count: 51), options: settings)
      #expect(try calls(first, stop) == Array(whole[..<stop]))
      // As a checkpoint keeps it.
      let saved = try JSONEncoder().encode(first.state)
      first.cancel()
      let state = try JSONDecoder().decode(DataLoaderState.self, from: saved)
      let second = try DataLoader(Numbers(count: 51), options: settings, from: state)
      #expect(second.state == state)
      #expect(try calls(second, min(12, 100 - stop)) == Array(whole[stop..<min(stop + 12, 100)]), "\(stop)")
    }
  }

  @Test("Ranks share every step without overlap, and resume on another number of them", arguments: [1, 2, 3, 4, 8])
  func shards(_ ranks: Int) throws {
    let reference = try epochs(2, DataLoader(Numbers(count: 53), options: options(batch: 10)))
    let parts = try (0..<ranks).map { rank in
      try DataLoader(Numbers(count: 53), options: options(batch: 10) { ($0.rank, $0.ranks) = (rank, ranks) })
    }
    for epoch in reference {
      for step in epoch {
        let shares = try parts.map { try #require(try $0.next()) }
        #expect(shares.flatMap { $0 } == step)
        #expect((shares.map(\.count).max() ?? 0) - (shares.map(\.count).min() ?? 0) <= 1)
        #expect(Set(parts.map(\.state)).count == 1)
      }
      for part in parts { #expect(try part.next() == nil) }
    }
    // Three steps of the third epoch on these ranks, the rest on others, or in steps of another size.
    for part in parts { for _ in 0..<3 { _ = try part.next() } }
    for others in [1, 2, 3, 4, 8] {
      for batch in [10, 23] {
        let rest = try (0..<others).map { rank in
          try DataLoader(
            Numbers(count: 53), options: options(batch: batch) { ($0.rank, $0.ranks) = (rank, others) },
            from: parts[0].state)
        }
        var seen: [[Int]] = []
        while let shares = Optional(try rest.compactMap({ try $0.next() })), shares.count == others {
          seen += shares.flatMap { $0 }
        }
        let whole = try epochs(3, DataLoader(Numbers(count: 53), options: options(batch: 10)))[2].flatMap { $0 }
        #expect(seen == Array(whole[30...]))
      }
    }
  }

  @Test("An error reaches the reader in its place, and for good", arguments: [0, 1, 4])
  func errors(_ threads: Int) throws {
    let source = Numbers(count: 40).mapped { element, index, _ in
      if index == 17 { throw Broken(index: index) }
      return element
    }
    let loader = try DataLoader(source, options: options(batch: 5, threads: threads) { $0.shuffles = false })
    for _ in 0..<3 { #expect(try loader.next()?.count == 5) }
    let state = loader.state
    for _ in 0..<3 { #expect(throws: Broken(index: 17)) { try loader.next() } }
    #expect(loader.state == state && state.position == 15)
    loader.cancel()
    // What collates may fail too.
    let collating = try DataLoader(
      Numbers(count: 4), options: options(batch: 2, threads: threads)
    ) { (elements: [[Int]]) -> Int in throw Broken(index: elements.count) }
    #expect(throws: Broken(index: 2)) { try collating.next() }
  }

  /// Counts what is asked for.
  private final class Counted: DataSource, Sendable {
    let asked = Atomic<Int>(0)
    let count = 1 << 20

    func element(at index: Int, epoch: Int) -> Int {
      asked.add(1, ordering: .relaxed)
      return index
    }
  }

  @Test("Threads read ahead so far and no further") func bounded() throws {
    let source = Counted()
    let loader = try DataLoader(source, options: options(batch: 3, threads: 4) { $0.ahead = 5 })
    for step in 1...20 {
      _ = try loader.next()
      for _ in 0..<5 { usleep(500) }
      #expect(source.asked.load(ordering: .relaxed) <= 3 * (step + 5))
    }
  }

  @Test("Threads end when the loader is cancelled, and when it goes") func threadsEnd() throws {
    weak var source: Counted?
    do {
      let counted = Counted()
      source = counted
      let loader = try DataLoader(counted, options: options(batch: 2, threads: 3))
      _ = try loader.next()
      loader.cancel()
      let asked = counted.asked.load(ordering: .relaxed)
      #expect(throws: DataError.cancelled) { try loader.next() }
      loader.cancel()
      usleep(2000)
      #expect(counted.asked.load(ordering: .relaxed) == asked)
    }
    for _ in 0..<5000 where source != nil { usleep(1000) }
    #expect(source == nil)
    do {
      let counted = Counted()
      source = counted
      _ = try DataLoader(counted, options: options(batch: 2, threads: 3)).next()
    }
    // Only the threads hold the source now.
    for _ in 0..<5000 where source != nil { usleep(1000) }
    #expect(source == nil)
  }

  @Test("Whoever waits for a batch is told of the cancelling") func cancelWhileWaiting() throws {
    let holder = Holder()
    let source = Numbers(count: 8).mapped { element, _, _ in
      while !holder.isOpen { usleep(500) }
      return element
    }
    let loader = try DataLoader(source, options: options(batch: 2, threads: 2))
    let outcome = Mutex<(any Error)?>(nil)
    let done = DispatchSemaphore(value: 0)
    Foundation.Thread.detachNewThread {
      do { _ = try loader.next() } catch { outcome.withLock { $0 = error } }
      done.signal()
    }
    // It waits for the threads, which wait for the gate.
    Foundation.Thread.detachNewThread { loader.cancel() }
    done.wait()
    holder.open()
    #expect(outcome.withLock { $0 as? DataError } == .cancelled)
  }

  private final class Holder: Sendable {
    private let gate = Mutex(false)
    var isOpen: Bool { gate.withLock { $0 } }
    func open() { gate.withLock { $0 = true } }
  }

  @Test func hostileOptionsAndPositionsAreRefusedByName() {
    let changes: [(String, @Sendable (inout DataLoaderOptions) -> Void)] = [
      ("batch", { $0.batch = 0 }), ("batch", { $0.batch = -1 }), ("batch", { $0.batch = .max }),
      ("ranks", { $0.ranks = 0 }), ("ranks", { $0.ranks = .max }), ("rank", { $0.rank = -1 }),
      ("rank", { $0.rank = 1 }), ("threads", { $0.threads = -1 }), ("threads", { $0.threads = 257 }),
      ("ahead", { $0.ahead = 0 }), ("ahead", { $0.ahead = .max }),
    ]
    for (field, change) in changes {
      do {
        _ = try DataLoader(Numbers(count: 5), options: options(batch: 2, change))
        Issue.record("\(field) was accepted")
      } catch {
        guard case .invalidOption(field, _, _) = error else { Issue.record("\(error)"); continue }
      }
    }
    let good = DataLoaderState(epoch: 1, position: 2, seed: 11, shuffles: true, count: 5)
    let states: [(String, @Sendable (inout DataLoaderState) -> Void)] = [
      ("count", { $0.count = 6 }), ("count", { $0.count = -5 }), ("seed", { $0.seed = 12 }),
      ("shuffles", { $0.shuffles = false }), ("position", { $0.position = 6 }), ("position", { $0.position = -1 }),
      ("position", { $0.position = .max }), ("epoch", { $0.epoch = -1 }), ("epoch", { $0.epoch = .max }),
    ]
    #expect(throws: Never.self) { try DataLoader(Numbers(count: 5), options: options(batch: 2), from: good) }
    for (field, change) in states {
      var state = good
      change(&state)
      do {
        _ = try DataLoader(Numbers(count: 5), options: options(batch: 2), from: state)
        Issue.record("\(field) was accepted")
      } catch {
        guard case .wrongState(field, _, _) = error else { Issue.record("\(error)"); continue }
      }
    }
  }
}
