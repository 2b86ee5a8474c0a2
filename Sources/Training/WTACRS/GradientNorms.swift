import NumericTypes
import Tensors

/// The norms of the gradients that came back to a layer's outputs the last time each sample was seen.
///
/// Samples are found by their keys, so that it does not matter in which order they come. The numbers are tensors, saved and
/// restored with a model's buffers.
final class GradientNorms {
  /// Numbers for each sample and layer.
  let width: Int
  /// The keys, i64, 0 for a free place: open addressing.
  let keys: Parameter
  /// [layers, places, width], f32; below 0 where nothing is known.
  let norms: Parameter
  private let places: Int

  /// Room for `samples` samples.
  init(layers: Int, samples: Int, width: Int, context: Context) {
    self.width = width
    places = max(16, samples + samples / 4)
    keys = Parameter("wtaCRS.keys", context.zeros([places], .i64))
    norms = Parameter("wtaCRS.norms", context.full([layers, places, width], -1))
  }

  /// Where each sample's numbers are; nothing for one that there is no room for.
  func places(of samples: [UInt64]) -> [Int?] {
    let table = keys.value.pointer(as: Int64.self)
    return samples.map { key in
      let key = Int64(bitPattern: key == 0 ? 1 : key)
      var place = Int(UInt64(bitPattern: key) % UInt64(places))
      for _ in 0..<places {
        if table[place] == key { return place }
        if table[place] == 0 {
          table[place] = key
          return place
        }
        place = place + 1 == places ? 0 : place + 1
      }
      return nil
    }
  }

  /// The numbers of `rows` rows of some samples at a layer, as many to each sample; nothing where none is known.
  /// Those that are not known are the mean of those that are.
  func known(_ layer: Int, at places: [Int?], rows: Int) -> [Double]? {
    let each = rows / max(1, places.count)
    guard !places.isEmpty, each * places.count == rows else { return nil }
    let base = norms.value.pointer(as: Float.self) + layer * self.places * width
    var values = [Double](repeating: -1, count: rows)
    var (sum, count) = (0.0, 0)
    for (sample, place) in places.enumerated() {
      guard let place else { continue }
      for row in 0..<each where width == 1 || row < width {
        let value = Double(base[place * width + (width == 1 ? 0 : row)])
        if value < 0 { continue }
        values[sample * each + row] = value
        sum += value
        count += 1
      }
    }
    if count == 0 { return nil }
    for row in values.indices where values[row] < 0 { values[row] = sum / Double(count) }
    return values
  }

  /// Remembers a layer's squared norms, one for each row.
  func remember(_ layer: Int, at places: [Int?], squares: [Float]) {
    let each = squares.count / max(1, places.count)
    guard !places.isEmpty, each * places.count == squares.count else { return }
    let base = norms.value.pointer(as: Float.self) + layer * self.places * width
    for (sample, place) in places.enumerated() {
      guard let place else { continue }
      let rows = squares[sample * each..<(sample + 1) * each]
      if width == 1 {
        base[place] = (rows.reduce(0, +) / Float(max(1, each))).squareRoot()
      } else {
        for (row, square) in rows.prefix(width).enumerated() { base[place * width + row] = square.squareRoot() }
      }
    }
  }
}
