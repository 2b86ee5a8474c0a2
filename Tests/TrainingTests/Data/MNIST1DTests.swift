import Foundation
import Testing
import Training
import VenturiTesting

@Suite("MNIST-1D") struct MNIST1DTests {
  struct Golden: Decodable {
    struct Digit: Decodable { let mean, deviation: [Double] }
    let samples: Int
    let digits: [Digit]
  }

  @Test("Samples are drawn from what the authors' are: mean and deviation of every point of every digit")
  func distribution() throws {
    let golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: GoldenFiles.url("mnist1d.json")))
    var settings = MNIST1D()
    settings.samples = 20_000
    let table = try settings.table(seed: 5)
    #expect(table.count == 20_000 && table.columns == 40 && table.classNames.count == 10)
    #expect(golden.digits.count == 10)
    let labels = table.labels
    var (worstMean, worstDeviation) = (0.0, 0.0)
    for (label, digit) in golden.digits.enumerated() {
      let rows = labels.indices.filter { labels[$0] == label }
      #expect(rows.count == 2000 && digit.mean.count == 40)
      for point in 0..<40 {
        let values = rows.map { table.values[$0 * 40 + point] }
        let mean = values.reduce(0, +) / 2000
        let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 2000).squareRoot()
        // In units of the error that a mean of 2000 has; both sides have it.
        worstMean = max(worstMean, abs(mean - digit.mean[point]) / (digit.deviation[point] * (2.0 / 2000).squareRoot()))
        worstDeviation = max(worstDeviation, abs(deviation / digit.deviation[point] - 1))
      }
    }
    // The largest of 400 such errors is below 4.5 with near certainty; a point that were off by a tenth of its deviation is 3
    // beyond that.
    #expect(worstMean < 4.5)
    #expect(worstDeviation < 0.12)
  }

  @Test("The templates begin at 0 and have variance 1/36")
  func templates() {
    #expect(MNIST1D.templates.count == 10)
    for template in MNIST1D.templates {
      let mean = template.reduce(0, +) / 12
      let variance = template.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 12
      #expect(template.count == 12 && template[0] == 0 && abs(variance - 1.0 / 36) < 1e-12)
    }
  }

  @Test("The same seed gives the same table, of mean 0 and deviation 1, with as many of each digit")
  func repeatable() throws {
    var settings = MNIST1D()
    settings.samples = 500
    let table = try settings.table(seed: 1)
    #expect(try settings.table(seed: 1) == table)
    #expect(try settings.table(seed: 2) != table)
    let count = Double(table.values.count)
    #expect(abs(table.values.reduce(0, +)) / count < 1e-12)
    #expect(abs(table.values.reduce(0) { $0 + $1 * $1 } / count - 1) < 1e-12)
    for label in 0..<10 { #expect(table.labels.count { $0 == label } == 50) }
  }

  @Test("Settings outside their ranges are refused")
  func limits() {
    for change in [{ $0.samples = 3 }, { $0.length = 1 }, { $0.noise = .nan }, { $0.translation = 0 }]
      as [(inout MNIST1D) -> Void]
    {
      var settings = MNIST1D()
      change(&settings)
      #expect(throws: DataError.self) { try settings.table(seed: 0) }
    }
  }
}
