import CVenturi
import Formats
import NumericTypes
import Tensors

/// A cache of the processor as far as rooflines go: how much it holds, and how fast all threads read from it.
public struct CacheLevel: Sendable, Equatable {
  /// `L2`, `L3`.
  public var name: String
  /// The bytes that the threads in use have of it together.
  public var bytes: Int
  /// Reads of a working set that it holds and the level above does not, in units of 10⁹ bytes a second.
  public var read: Summary

  /// A level from its parts.
  public init(name: String, bytes: Int, read: Summary) {
    self.name = name
    self.bytes = bytes
    self.read = read
  }

  /// `{"name", "bytes", "readGBs"}`.
  public var json: JSON { ["name": .string(name), "bytes": .integer(bytes), "readGBs": read.json] }
}

extension CacheLevel {
  /// A cache as the system describes it.
  package struct Description: Equatable, Sendable {
    package var level: Int
    package var bytes: Int
    /// The processors that share it.
    package var sharing: Int

    package init(level: Int, bytes: Int, sharing: Int) {
      (self.level, self.bytes, self.sharing) = (level, bytes, sharing)
    }
  }

  /// The levels beyond the first, measured; none where the system does not describe its caches.
  ///
  /// - Throws: `TensorError` when there is no memory.
  public static func measure(context: Context, repeats: Int = 15) throws -> [CacheLevel] {
    try measure(described(), context: context, repeats: repeats)
  }

  package static func measure(_ caches: [Description], context: Context, repeats: Int) throws -> [CacheLevel] {
    let threads = context.workers.count
    var inner = 0
    return try caches.sorted { $0.level < $1.level }.compactMap { cache in
      // Each thread has its share of a cache that it does not have for itself.
      let units = max(1, (threads + cache.sharing - 1) / cache.sharing)
      let share = cache.bytes * units / threads
      defer { inner = share }
      guard cache.level > 1 else { return nil }
      // Half of the level, or twice the level above where that is more: far from both ends.
      let size = max(share / 2, min(2 * inner, share * 3 / 4)) / 4096 * 4096
      guard size > inner else { return nil }
      let rates = try readRates(size, context: context, repeats: repeats)
      return CacheLevel(name: "L\(cache.level)", bytes: cache.bytes * units, read: Summary(rates) ?? Summary(of: 0))
    }
  }

  private static func readRates(_ size: Int, context: Context, repeats: Int) throws -> [Double] {
    let threads = context.workers.count
    let isa = context.kernelSet.isa
    let storage = try Storage(
      byteCount: checkedProduct(size, threads, "memory to read"), allocator: Allocator(cacheLimit: 0))
    context.workers.run(threads) { item, _ in
      (storage.base + item * size).initializeMemory(as: UInt8.self, repeating: 1, count: size)
    }
    // Some milliseconds of passes: short enough to fall between other programs' turns, long beside a fork.
    let passes = max(1, (64 << 20) / size)
    return (0..<(repeats + 2)).map { _ in
      let seconds = TimingProtocol.time {
        context.workers.run(threads) { item, _ in
          for _ in 0..<passes { _ = vt_measure_read(isa, storage.base + item * size, size, 4, 0) }
        }
      }
      return Double(size * passes * threads) / seconds * 1e-9
    }.suffix(repeats)
  }

  /// The data caches that Linux describes for the first processor.
  package static func described(under folder: String = "/sys/devices/system/cpu/cpu0/cache") -> [Description] {
    func text(_ index: Int, _ field: String) -> Substring? {
      guard let bytes = try? readWholeFile("\(folder)/index\(index)/\(field)") else { return nil }
      return String(decoding: bytes, as: UTF8.self).split(separator: "\n").first
    }
    var found: [Description] = []
    for index in 0..<16 {
      guard let level = text(index, "level").flatMap({ Int($0) }), let type = text(index, "type"),
        let size = text(index, "size")
      else { break }
      if type == "Instruction" { continue }
      guard let number = Int(size.prefix { $0.isNumber }), number > 0, number < 1 << 32 else { continue }
      let unit = size.hasSuffix("K") ? 1 << 10 : size.hasSuffix("M") ? 1 << 20 : 1
      let sharing = text(index, "shared_cpu_list").map(processors) ?? 1
      found.append(Description(level: level, bytes: number * unit, sharing: max(1, sharing)))
    }
    return found
  }

  /// The number of processors in a list such as `0-3,8`.
  static func processors(_ list: Substring) -> Int {
    list.split(separator: ",").reduce(0) { sum, part in
      let ends = part.split(separator: "-").compactMap { Int($0) }
      guard let first = ends.first, let last = ends.last, last >= first else { return sum }
      return sum + last - first + 1
    }
  }
}
