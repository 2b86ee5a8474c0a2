// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "OwnTechnique",
  dependencies: [.package(name: "venturi", path: "../..")],
  targets: [
    .executableTarget(
      name: "OwnTechnique",
      dependencies: [
        .product(name: "Venturi", package: "venturi"), .product(name: "VenturiProfiling", package: "venturi"),
      ])
  ]
)
