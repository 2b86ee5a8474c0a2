import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Proposes what to try next from what was tried (Bergstra, Bardenet, Bengio, Kégl: Algorithms for hyper-parameter optimization,
/// 2011): where the better quarter of trials is dense, and the others are not.
///
/// Each coordinate by itself: of 24 draws from a mixture of Gaussians around the better trials, and one even part, the one
/// whose density among the better is largest against that among the others. The first trials are even draws.
public struct TreeParzenTuner: Sendable {
  /// What is searched.
  public let space: SearchSpace
  /// The trials of even draws at the beginning.
  public let evenTrials: Int
  private let seed: UInt64
  private var trials: [(point: [Double], score: Double)] = []

  /// A tuner without trials.
  public init(_ space: SearchSpace, evenTrials: Int = 5, seed: UInt64) {
    self.space = space
    self.evenTrials = evenTrials
    self.seed = seed
  }

  /// The point of the unit cube to try next; the same until a trial is told.
  public func proposal() -> [Double] {
    var random = Random(seed: seed, stream: UInt64(trials.count) << 8 | 0x54)
    if trials.count < evenTrials { return space.dimensions.map { _ in random.uniform() } }
    let ranked = trials.sorted { $0.score > $1.score }.map(\.point)
    let best = max(2, (ranked.count + 3) / 4)
    return space.dimensions.indices.map { axis in
      let good = ranked[..<min(best, ranked.count)].map { $0[axis] }
      let bad = ranked[min(best, ranked.count)...].map { $0[axis] }
      var (found, largest) = (0.5, -Double.infinity)
      for _ in 0..<24 {
        let draw = Self.draw(good, &random)
        let gain = log(Self.density(draw, good)) - log(Self.density(draw, bad))
        if gain > largest { (found, largest) = (draw, gain) }
      }
      return found
    }
  }

  /// Takes a trial: the point and its score, more is better; one that is not a number is worst.
  public mutating func tell(_ point: [Double], score: Double) {
    trials.append((point, score.isNaN ? -.infinity : score))
  }

  /// The best trial so far, the first of equals.
  public var best: (point: [Double], score: Double)? {
    trials.reduce(nil as (point: [Double], score: Double)?) { found, trial in
      found.map { trial.score > $0.score ? trial : $0 } ?? trial
    }
  }

  private static func width(_ centers: [Double]) -> Double { max(0.05, 0.5 / Double(centers.count + 1)) }

  private static func draw(_ centers: [Double], _ random: inout Random) -> Double {
    let pick = Int(random.uniform() * Double(centers.count + 1))
    let even = random.uniform()
    if pick == centers.count { return even }
    // What falls outside is mirrored at the edge.
    var place = centers[pick] + width(centers) * random.normal()
    if place < 0 { place = -place }
    if place >= 1 { place = 2 - place }
    return min(max(place, 0), 1 - 0x1p-53)
  }

  private static func density(_ place: Double, _ centers: [Double]) -> Double {
    let width = width(centers)
    let sum = centers.reduce(1.0) { sum, center in
      let distance = (place - center) / width
      return sum + exp(-0.5 * distance * distance) / (width * (2 * .pi).squareRoot())
    }
    return sum / Double(centers.count + 1)
  }
}
