require "csv"

module Reports
  module Exports
    # Rows for the ledger of the accountants.
    def self.journal(lines)
      CSV.generate(col_sep: ";") do |csv|
        csv << %w[account debit credit text]
        lines.each do |line|
          csv << [6000, line.gross, nil, line.employee.name]
          csv << [1740, nil, line.tax, "wage tax"]
          csv << [1755, nil, line.gross - line.tax, "payable"]
        end
      end
    end

    def self.transfers(lines, debtor:, on:)
      raise ArgumentError, "nothing to pay" if lines.empty?

      body = lines.map do |line|
        "<CdtTrfTxInf><Amt>#{line.net}</Amt><IBAN>#{line.employee.iban}</IBAN></CdtTrfTxInf>"
      end
      "<Document><ReqdExctnDt>#{on}</ReqdExctnDt><Dbtr>#{debtor}</Dbtr>#{body.join}</Document>"
    end

    # Whether the check digits of an account number are right.
    def self.valid_iban?(iban)
      turned = iban.gsub(/\s/, "").then { |text| text[4..] + text[0, 4] }
      turned.gsub(/[A-Z]/) { |letter| (letter.ord - 55).to_s }.to_i % 97 == 1
    end

    def self.parse(text)
      CSV.parse(text, headers: true, col_sep: ";").map(&:to_h)
    end

    def self.archive(files, folder)
      files.each do |name, content|
        path = File.join(folder, name)
        next if File.exist?(path) && File.binread(path) == content

        File.write("#{path}.new", content)
        File.rename("#{path}.new", path)
      end
    end
  end
end
