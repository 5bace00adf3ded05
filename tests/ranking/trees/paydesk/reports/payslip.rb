# What an employee gets to see of a pay run.
module Reports
  class Payslip
    def initialize(line, locale: "en")
      @line = line
      @locale = locale
    end

    # The sheet as plain text, for printing.
    def render
      [heading, *rows.map { |label, amount| format("%-30s %12s", label, money(amount)) }, footer].join("\n")
    end

    def rows
      [["Gross", @line.gross], ["Tax", -@line.tax], ["Pension", -@line.pension], ["Net", net]]
    end

    def net
      @line.gross - @line.tax - @line.pension
    end

    # Only the last digits of the account can be read.
    def mask(iban)
      iban.gsub(/\s/, "").sub(/\A(..).*(....)\z/, '\1****\2')
    end

    private

    def heading
      "Payslip #{@line.month.strftime('%B %Y')} for #{@line.employee.name}"
    end

    def money(amount)
      whole, cents = format("%.2f", amount).split(".")
      separator, point = @locale == "de" ? [".", ","] : [",", "."]
      whole.gsub(/(\d)(?=(\d{3})+\z)/) { "#{$1}#{separator}" } + point + cents
    end

    def footer
      "Paid to #{mask(@line.employee.iban)}"
    end
  end
end
