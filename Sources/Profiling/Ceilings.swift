import CVenturi
import Formats
import NumericTypes
import Tensors

/// What the machine can do at most, measured: multiply-add chains from registers and plain reads from memory.
///
/// The ceilings that models are measured against come from these (see ``ModelCeilings``).
public struct Ceilings: Sendable {
  /// A kind of arithmetic, named by the weights that it serves.
  public enum Chain: String, Sendable, CaseIterable {
    /// f32 fused multiply-add.
    case f32
    /// Byte products widened at once: weights of 8 bits.
    case int8
    /// Eight byte products added before they are widened: weights of 4 bits.
    case int4
    /// 16-bit products.
    case int16

    var code: vt_chain {
      switch self {
      case .f32: VT_CHAIN_F32
      case .int8: VT_CHAIN_I8
      case .int4: VT_CHAIN_U4
      case .int16: VT_CHAIN_I16
      }
    }
  }

  /// How memory was read.
  public struct ReadPattern: Sendable, Equatable {
    /// Runs of memory that each thread reads side by side.
    public var streams: Int
    /// Bytes fetched ahead of each; 0 without prefetch instructions.
    public var prefetch: Int

    /// A pattern.
    public init(streams: Int, prefetch: Int) {
      self.streams = streams
      self.prefetch = prefetch
    }
  }

  /// The threads that took part.
  public var threads: Int
  /// Operations a second of each chain, a multiply and an add counted as two, in units of 10⁹.
  public var chains: [Chain: Summary]
  /// Plain reads of one stream per thread, in units of 10⁹ bytes a second.
  public var read: Summary
  /// The fastest pattern of reads that was found.
  public var bestRead: Summary
  /// Which pattern that was.
  public var bestReadPattern: ReadPattern

  /// Ceilings from their parts.
  public init(
    threads: Int, chains: [Chain: Summary], read: Summary, bestRead: Summary, bestReadPattern: ReadPattern
  ) {
    self.threads = threads
    self.chains = chains
    self.read = read
    self.bestRead = bestRead
    self.bestReadPattern = bestReadPattern
  }

  /// Measures all of it.
  ///
  /// - Parameters:
  ///   - context: the threads and the kernel set.
  ///   - bytes: the size of the memory read, for each thread; beyond any cache.
  ///   - repeats: slices of each measurement.
  /// - Throws: `TensorError` when there is no memory.
  public static func measure(context: Context, bytes: Int = 128 << 20, repeats: Int = 15) throws -> Ceilings {
    let isa = context.kernelSet.isa
    var chains: [Chain: Summary] = [:]
    for chain in Chain.allCases { chains[chain] = chainRate(chain, isa, context.workers, repeats) }
    let patterns = readPatterns
    let rates = try readRates(patterns, isa, context, bytes: bytes, repeats: repeats)
    let best = rates.indices.max { rates[$0].median < rates[$1].median } ?? 0
    return Ceilings(
      threads: context.workers.count, chains: chains, read: rates[0], bestRead: rates[best],
      bestReadPattern: patterns[best])
  }

  /// The plain pattern first.
  static let readPatterns: [ReadPattern] =
    [ReadPattern(streams: 1, prefetch: 0)]
    + [1, 2, 4, 8].flatMap { streams in
      (streams == 1 ? [256, 512, 1024] : [0, 256, 512, 1024]).map { ReadPattern(streams: streams, prefetch: $0) }
    }

  private static func chainRate(_ chain: Chain, _ isa: vt_isa, _ workers: Workers, _ repeats: Int) -> Summary {
    // Rounds for some milliseconds: short enough to fall between other programs' turns, long beside a fork.
    var rounds: Int64 = 4096
    while rounds < 1 << 40 {
      let seconds = TimingProtocol.time { _ = vt_measure_chain(isa, chain.code, rounds) }
      if seconds > 2e-3 { break }
      rounds *= 2
    }
    let operations = vt_measure_chain(isa, chain.code, rounds) * Double(workers.count)
    var rates: [Double] = []
    for slice in 0..<(repeats + 2) {
      let seconds = TimingProtocol.time {
        workers.run(workers.count) { _, _ in _ = vt_measure_chain(isa, chain.code, rounds) }
      }
      if slice >= 2 { rates.append(operations / seconds * 1e-9) }
    }
    return Summary(rates) ?? Summary(of: 0)
  }

  private static func readRates(
    _ patterns: [ReadPattern], _ isa: vt_isa, _ context: Context, bytes: Int, repeats: Int
  ) throws -> [Summary] {
    let threads = context.workers.count
    let size = max(bytes, 1 << 20) / 4096 * 4096
    let storage = try Storage(
      byteCount: checkedProduct(size, threads, "memory to read"), allocator: Allocator(cacheLimit: 0))
    // Pages exist once they are written.
    context.workers.run(threads) { item, _ in
      (storage.base + item * size).initializeMemory(as: UInt8.self, repeating: 1, count: size)
    }
    var rates = [[Double]](repeating: [], count: patterns.count)
    // Patterns take turns, so that a slow moment of the machine falls on all of them.
    for slice in 0..<(repeats + 1) {
      for (index, pattern) in patterns.enumerated() {
        let seconds = TimingProtocol.time {
          context.workers.run(threads) { item, _ in
            _ = vt_measure_read(
              isa, storage.base + item * size, size, Int32(pattern.streams), Int32(pattern.prefetch))
          }
        }
        if slice > 0 { rates[index].append(Double(size * threads) / seconds * 1e-9) }
      }
    }
    return rates.map { Summary($0) ?? Summary(of: 0) }
  }

  /// The figures, with their units in the names.
  public var json: JSON {
    var members: [JSON.Member] = [JSON.Member("threads", .integer(threads))]
    for chain in Chain.allCases {
      guard let rate = chains[chain] else { continue }
      members.append(JSON.Member(chain == .f32 ? "f32GFLOPs" : "\(chain.rawValue)GOPs", rate.json))
    }
    members.append(JSON.Member("readGBs", read.json))
    guard case .object(var best) = bestRead.json else { return .object(members) }
    best.append(JSON.Member("streams", .integer(bestReadPattern.streams)))
    best.append(JSON.Member("prefetch", .integer(bestReadPattern.prefetch)))
    members.append(JSON.Member("bestReadGBs", .object(best)))
    return .object(members)
  }
}

extension Summary {
  /// The summary of a single figure.
  init(of value: Double) { (median, min, max, count) = (value, value, value, 1) }
}
