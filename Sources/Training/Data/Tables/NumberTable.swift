import NumericTypes
import Tensors

/// Rows of numbers with a class or a number each that is to be foretold from them, all in memory.
public struct NumberTable: DataSource, Equatable {
  /// A row.
  public struct Row: Sendable, Equatable {
    /// The numbers that are known.
    public var values: [Double]
    /// What is to be foretold: a number, or that of a class.
    public var target: Double
  }

  /// The numbers of each row; all rows have as many.
  public let columns: Int
  /// All rows one behind the other, [rows, columns].
  public let values: [Double]
  /// What is to be foretold of each row.
  public let targets: [Double]
  /// The names of the classes; none where the target is a number.
  public let classNames: [String]

  /// A table.
  ///
  /// - Parameters:
  ///   - columns: 1 or more.
  ///   - values: [rows, columns].
  ///   - targets: one for each row; with classes a whole number below theirs.
  ///   - classNames: the classes, none for a table of numbers.
  /// - Throws: ``DataError/mismatch(field:found:expected:)``.
  public init(columns: Int, values: [Double], targets: [Double], classNames: [String]) throws(DataError) {
    guard columns > 0, values.count == targets.count.multipliedClamped(by: columns) else {
      throw .mismatch(
        field: "values", found: "\(values.count) for \(targets.count) rows", expected: "\(columns) for each row")
    }
    if !classNames.isEmpty {
      for (row, target) in targets.enumerated() {
        guard let label = Int(exactly: target), classNames.indices.contains(label) else {
          throw .mismatch(
            field: "class of row \(row)", found: "\(target)", expected: "a whole number below \(classNames.count)")
        }
      }
    }
    self.init(unchecked: columns, values, targets, classNames)
  }

  private init(unchecked columns: Int, _ values: [Double], _ targets: [Double], _ classNames: [String]) {
    self.columns = columns
    self.values = values
    self.targets = targets
    self.classNames = classNames
  }

  /// The number of rows.
  public var count: Int { targets.count }

  /// The classes of the rows; of a table of numbers there are none.
  public var labels: [Int] { classNames.isEmpty ? [] : targets.map { Int($0) } }

  /// A row, the same in every epoch.
  public func element(at index: Int, epoch: Int) -> Row {
    Row(values: Array(values[index * columns..<(index + 1) * columns]), target: targets[index])
  }

  /// Some of the rows, in the given order.
  ///
  /// - Precondition: every number is below ``count``.
  public func rows(_ places: some Sequence<Int>) -> NumberTable {
    var (values, targets): ([Double], [Double]) = ([], [])
    for place in places {
      values += self.values[place * columns..<(place + 1) * columns]
      targets.append(self.targets[place])
    }
    return NumberTable(unchecked: columns, values, targets, classNames)
  }

  /// The rows in an order of the seed's, cut where the shares say: of 0.6 and 0.2 come 60 %, 20 % and the rest.
  ///
  /// - Throws: ``DataError/invalidOption(field:value:expected:)`` for shares that are none, or more than all together.
  public func split(_ shares: [Double], seed: UInt64) throws(DataError) -> [NumberTable] {
    guard shares.allSatisfy({ $0 >= 0 && $0 <= 1 }), shares.reduce(0, +) <= 1 + 1e-9 else {
      throw .invalidOption(field: "shares", value: "\(shares)", expected: "from 0 to 1, together at most 1")
    }
    let order = Permutation(count: count, seed: seed, epoch: 0)
    var ends = [0]
    var sum = 0.0
    for share in shares {
      sum += share
      ends.append(min(count, max(ends[ends.count - 1], Int((sum * Double(count)).rounded()))))
    }
    ends.append(count)
    return zip(ends, ends.dropFirst()).map { start, end in rows((start..<end).map { order[$0] }) }
  }

  /// Each number changed by its column's mean and deviation in `reference`: those rows then have mean 0 and deviation 1.
  /// A column of one value becomes 0.
  ///
  /// - Precondition: `reference` has as many columns.
  public func standardized(by reference: NumberTable) -> NumberTable {
    precondition(reference.columns == columns, "\(columns) columns by the means of \(reference.columns)")
    var changed = values
    let rows = Double(max(1, reference.count))
    for column in 0..<columns {
      let known = (0..<reference.count).map { reference.values[$0 * columns + column] }
      let mean = known.reduce(0, +) / rows
      let variance = known.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / rows
      let scale = variance > 0 ? 1 / variance.squareRoot() : 0
      for row in 0..<count {
        let place = row * columns + column
        changed[place] = (values[place] - mean) * scale
      }
    }
    return NumberTable(unchecked: columns, changed, targets, classNames)
  }

  /// Each number times a factor.
  public func scaled(by factor: Double) -> NumberTable {
    NumberTable(unchecked: columns, values.map { $0 * factor }, targets, classNames)
  }

  /// The numbers changed row by row, with as many for each as `columns` says.
  ///
  /// - Precondition: `change` gives `columns` numbers.
  func changed(columns: Int, _ change: (_ row: Int, _ values: ArraySlice<Double>) -> [Double]) -> NumberTable {
    var changed: [Double] = []
    changed.reserveCapacity(columns * count)
    for row in 0..<count { changed += change(row, values[row * self.columns..<(row + 1) * self.columns]) }
    precondition(changed.count == columns * count, "\(changed.count) numbers in \(count) rows of \(columns)")
    return NumberTable(unchecked: columns, changed, targets, classNames)
  }

  /// The rows as images of a shape with their classes: what image models learn from.
  ///
  /// - Parameters:
  ///   - shape: [C, H, W] of ``columns`` elements; one row of all by default.
  ///   - allocator: where the memory comes from.
  /// - Throws: ``DataError/mismatch(field:found:expected:)`` for another number of elements, or a table without classes;
  ///   ``DataError/system(_:)``.
  public func labeledImages(
    shape: Shape? = nil, allocator: Allocator = Allocator()
  ) throws(DataError) -> ArraySource<LabeledImage> {
    let shape = shape ?? [1, 1, columns]
    guard shape.rank == 3, shape.count == columns else {
      throw .mismatch(field: "shape", found: "\(shape)", expected: "[C, H, W] of \(columns) elements")
    }
    if classNames.isEmpty { throw .mismatch(field: "targets", found: "numbers", expected: "classes") }
    var images: [LabeledImage] = []
    for (row, label) in labels.enumerated() {
      let image = try ImageTensor.empty(shape, allocator)
      let target = image.pointer(as: Float.self)
      for column in 0..<columns { target[column] = Float(values[row * columns + column]) }
      images.append(LabeledImage(image: image, label: label))
    }
    return ArraySource(images)
  }
}
