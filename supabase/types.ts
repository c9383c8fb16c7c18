// Generated from the database by `npm run db:types`.

export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[];

export type Database = {
  public: {
    Tables: {
      api_keys: {
        Row: {
          created_at: string;
          created_by: string;
          expires_at: string | null;
          id: string;
          key_hash: string;
          label: string;
          last_used_at: string | null;
          last_used_ip: unknown;
          prefix: string;
          revoked_at: string | null;
          role: Database["public"]["Enums"]["member_role"];
          scopes: string[] | null;
          tenant_id: string;
        };
        ComputedFields: never;
        Insert: {
          created_at?: string;
          created_by: string;
          expires_at?: string | null;
          id?: string;
          key_hash: string;
          label: string;
          last_used_at?: string | null;
          last_used_ip?: unknown;
          prefix: string;
          revoked_at?: string | null;
          role: Database["public"]["Enums"]["member_role"];
          scopes?: string[] | null;
          tenant_id: string;
        };
        Update: {
          created_at?: string;
          created_by?: string;
          expires_at?: string | null;
          id?: string;
          key_hash?: string;
          label?: string;
          last_used_at?: string | null;
          last_used_ip?: unknown;
          prefix?: string;
          revoked_at?: string | null;
          role?: Database["public"]["Enums"]["member_role"];
          scopes?: string[] | null;
          tenant_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: "api_keys_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "people";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "api_keys_tenant_id_fkey";
            columns: ["tenant_id"];
            isOneToOne: false;
            referencedRelation: "tenants";
            referencedColumns: ["id"];
          },
        ];
      };
      attachments: {
        Row: {
          byte_size: number;
          content_type: string;
          created_at: string;
          created_by: string | null;
          customer_id: string | null;
          entity_id: string;
          entity_type: string;
          file_name: string;
          id: string;
          object_key: string | null;
          order_id: string | null;
          preview: Database["public"]["Enums"]["preview_state"];
          product_id: string | null;
          sha256: string | null;
          status: Database["public"]["Enums"]["attachment_status"];
          tenant_id: string;
        };
        ComputedFields: never;
        Insert: {
          byte_size: number;
          content_type: string;
          created_at?: string;
          created_by?: string | null;
          customer_id?: never;
          entity_id: string;
          entity_type: string;
          file_name: string;
          id?: string;
          object_key?: string | null;
          order_id?: never;
          preview?: Database["public"]["Enums"]["preview_state"];
          product_id?: never;
          sha256?: string | null;
          status?: Database["public"]["Enums"]["attachment_status"];
          tenant_id?: string;
        };
        Update: {
          byte_size?: number;
          content_type?: string;
          created_at?: string;
          created_by?: string | null;
          customer_id?: never;
          entity_id?: string;
          entity_type?: string;
          file_name?: string;
          id?: string;
          object_key?: string | null;
          order_id?: never;
          preview?: Database["public"]["Enums"]["preview_state"];
          product_id?: never;
          sha256?: string | null;
          status?: Database["public"]["Enums"]["attachment_status"];
          tenant_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: "attachments_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "people";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "attachments_customer_id_fkey";
            columns: ["tenant_id", "customer_id"];
            isOneToOne: false;
            referencedRelation: "customers";
            referencedColumns: ["tenant_id", "id"];
          },
          {
            foreignKeyName: "attachments_order_id_fkey";
            columns: ["tenant_id", "order_id"];
            isOneToOne: false;
            referencedRelation: "orders";
            referencedColumns: ["tenant_id", "id"];
          },
          {
            foreignKeyName: "attachments_product_id_fkey";
            columns: ["tenant_id", "product_id"];
            isOneToOne: false;
            referencedRelation: "products";
            referencedColumns: ["tenant_id", "id"];
          },
          {
            foreignKeyName: "attachments_tenant_id_fkey";
            columns: ["tenant_id"];
            isOneToOne: false;
            referencedRelation: "tenants";
            referencedColumns: ["id"];
          },
        ];
      };
      currencies: {
        Row: {
          code: string;
          minor_digits: number;
          name: string;
        };
        ComputedFields: never;
        Insert: {
          code: string;
          minor_digits: number;
          name: string;
        };
        Update: {
          code?: string;
          minor_digits?: number;
          name?: string;
        };
        Relationships: [];
      };
      custom_fields: {
        Row: {
          choices: string[];
          created_at: string;
          entity: string;
          id: string;
          key: string;
          label: string;
          position: number;
          required: boolean;
          tenant_id: string;
          type: Database["public"]["Enums"]["custom_field_type"];
        };
        ComputedFields: never;
        Insert: {
          choices?: string[];
          created_at?: string;
          entity: string;
          id?: string;
          key: string;
          label: string;
          position?: number;
          required?: boolean;
          tenant_id?: string;
          type: Database["public"]["Enums"]["custom_field_type"];
        };
        Update: {
          choices?: string[];
          created_at?: string;
          entity?: string;
          id?: string;
          key?: string;
          label?: string;
          position?: number;
          required?: boolean;
          tenant_id?: string;
          type?: Database["public"]["Enums"]["custom_field_type"];
        };
        Relationships: [
          {
            foreignKeyName: "custom_fields_tenant_id_fkey";
            columns: ["tenant_id"];
            isOneToOne: false;
            referencedRelation: "tenants";
            referencedColumns: ["id"];
          },
        ];
      };
      customers: {
        Row: {
          billing_address: Json | null;
          created_at: string;
          created_by: string | null;
          custom: NonNullable<Json>;
          deleted_at: string | null;
          email: string | null;
          id: string;
          kind: Database["public"]["Enums"]["customer_kind"];
          name: string;
          phone: string | null;
          shipping_address: Json | null;
          tags: string[];
          tax_id: string | null;
          tenant_id: string;
          updated_at: string;
          version: number;
        };
        ComputedFields: never;
        Insert: {
          billing_address?: Json | null;
          created_at?: string;
          created_by?: string | null;
          custom?: NonNullable<Json>;
          deleted_at?: string | null;
          email?: string | null;
          id?: string;
          kind?: Database["public"]["Enums"]["customer_kind"];
          name: string;
          phone?: string | null;
          shipping_address?: Json | null;
          tags?: string[];
          tax_id?: string | null;
          tenant_id?: string;
          updated_at?: string;
          version?: number;
        };
        Update: {
          billing_address?: Json | null;
          created_at?: string;
          created_by?: string | null;
          custom?: NonNullable<Json>;
          deleted_at?: string | null;
          email?: string | null;
          id?: string;
          kind?: Database["public"]["Enums"]["customer_kind"];
          name?: string;
          phone?: string | null;
          shipping_address?: Json | null;
          tags?: string[];
          tax_id?: string | null;
          tenant_id?: string;
          updated_at?: string;
          version?: number;
        };
        Relationships: [
          {
            foreignKeyName: "customers_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "people";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "customers_tenant_id_fkey";
            columns: ["tenant_id"];
            isOneToOne: false;
            referencedRelation: "tenants";
            referencedColumns: ["id"];
          },
        ];
      };
      emails: {
        Row: {
          created_at: string;
          handed_over_at: string | null;
          id: string;
          note: string | null;
          params: NonNullable<Json>;
          recipient: string;
          requested_by: string | null;
          response: string | null;
          sent_at: string | null;
          status: Database["public"]["Enums"]["email_status"];
          template: string;
          tenant_id: string;
        };
        ComputedFields: never;
        Insert: {
          created_at?: string;
          handed_over_at?: string | null;
          id?: string;
          note?: string | null;
          params?: NonNullable<Json>;
          recipient: string;
          requested_by?: string | null;
          response?: string | null;
          sent_at?: string | null;
          status?: Database["public"]["Enums"]["email_status"];
          template: string;
          tenant_id: string;
        };
        Update: {
          created_at?: string;
          handed_over_at?: string | null;
          id?: string;
          note?: string | null;
          params?: NonNullable<Json>;
          recipient?: string;
          requested_by?: string | null;
          response?: string | null;
          sent_at?: string | null;
          status?: Database["public"]["Enums"]["email_status"];
          template?: string;
          tenant_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: "emails_requested_by_fkey";
            columns: ["requested_by"];
            isOneToOne: false;
            referencedRelation: "people";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "emails_tenant_id_fkey";
            columns: ["tenant_id"];
            isOneToOne: false;
            referencedRelation: "tenants";
            referencedColumns: ["id"];
          },
        ];
      };
      exports: {
        Row: {
          byte_size: number | null;
          cancel_requested: boolean;
          columns: string[] | null;
          created_at: string;
          done: number;
          entity: string;
          error: string | null;
          expires_at: string | null;
          file_name: string;
          finished_at: string | null;
          format: string;
          id: string;
          object_key: string | null;
          query: NonNullable<Json>;
          requested_by: string;
          rows: string;
          started_at: string | null;
          status: Database["public"]["Enums"]["export_status"];
          tenant_id: string;
          total: number | null;
        };
        ComputedFields: never;
        Insert: {
          byte_size?: number | null;
          cancel_requested?: boolean;
          columns?: string[] | null;
          created_at?: string;
          done?: number;
          entity: string;
          error?: string | null;
          expires_at?: string | null;
          file_name: string;
          finished_at?: string | null;
          format: string;
          id?: string;
          object_key?: string | null;
          query?: NonNullable<Json>;
          requested_by: string;
          rows?: string;
          started_at?: string | null;
          status?: Database["public"]["Enums"]["export_status"];
          tenant_id: string;
          total?: number | null;
        };
        Update: {
          byte_size?: number | null;
          cancel_requested?: boolean;
          columns?: string[] | null;
          created_at?: string;
          done?: number;
          entity?: string;
          error?: string | null;
          expires_at?: string | null;
          file_name?: string;
          finished_at?: string | null;
          format?: string;
          id?: string;
          object_key?: string | null;
          query?: NonNullable<Json>;
          requested_by?: string;
          rows?: string;
          started_at?: string | null;
          status?: Database["public"]["Enums"]["export_status"];
          tenant_id?: string;
          total?: number | null;
        };
        Relationships: [
          {
            foreignKeyName: "exports_requested_by_fkey";
            columns: ["requested_by"];
            isOneToOne: false;
            referencedRelation: "people";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "exports_tenant_id_fkey";
            columns: ["tenant_id"];
            isOneToOne: false;
            referencedRelation: "tenants";
            referencedColumns: ["id"];
          },
        ];
      };
      invitations: {
        Row: {
          accepted_at: string | null;
          created_at: string;
          email: string;
          expires_at: string;
          id: string;
          invited_by: string | null;
          mailed_token_hash: string | null;
          role: Database["public"]["Enums"]["member_role"];
          tenant_id: string;
          token_hash: string;
        };
        ComputedFields: never;
        Insert: {
          accepted_at?: string | null;
          created_at?: string;
          email: string;
          expires_at?: string;
          id?: string;
          invited_by?: string | null;
          mailed_token_hash?: string | null;
          role: Database["public"]["Enums"]["member_role"];
          tenant_id: string;
          token_hash: string;
        };
        Update: {
          accepted_at?: string | null;
          created_at?: string;
          email?: string;
          expires_at?: string;
          id?: string;
          invited_by?: string | null;
          mailed_token_hash?: string | null;
          role?: Database["public"]["Enums"]["member_role"];
          tenant_id?: string;
          token_hash?: string;
        };
        Relationships: [
          {
            foreignKeyName: "invitations_invited_by_fkey";
            columns: ["invited_by"];
            isOneToOne: false;
            referencedRelation: "people";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "invitations_tenant_id_fkey";
            columns: ["tenant_id"];
            isOneToOne: false;
            referencedRelation: "tenants";
            referencedColumns: ["id"];
          },
        ];
      };
      memberships: {
        Row: {
          created_at: string;
          role: Database["public"]["Enums"]["member_role"];
          tenant_id: string;
          user_id: string;
        };
        ComputedFields: never;
        Insert: {
          created_at?: string;
          role: Database["public"]["Enums"]["member_role"];
          tenant_id: string;
          user_id: string;
        };
        Update: {
          created_at?: string;
          role?: Database["public"]["Enums"]["member_role"];
          tenant_id?: string;
          user_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: "memberships_tenant_id_fkey";
            columns: ["tenant_id"];
            isOneToOne: false;
            referencedRelation: "tenants";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "memberships_user_id_fkey";
            columns: ["user_id"];
            isOneToOne: false;
            referencedRelation: "people";
            referencedColumns: ["id"];
          },
        ];
      };
      order_items: {
        Row: {
          attributes: NonNullable<Json>;
          discount: number;
          discount_percent: number;
          id: string;
          line_total: number;
          name: string;
          order_id: string;
          position: number;
          product_id: string | null;
          quantity: number;
          sku: string | null;
          tax: number;
          tax_rate: number;
          tenant_id: string;
          unit_price: number;
        };
        ComputedFields: never;
        Insert: {
          attributes?: NonNullable<Json>;
          discount: number;
          discount_percent?: number;
          id?: string;
          line_total: number;
          name: string;
          order_id: string;
          position: number;
          product_id?: string | null;
          quantity: number;
          sku?: string | null;
          tax: number;
          tax_rate?: number;
          tenant_id?: string;
          unit_price: number;
        };
        Update: {
          attributes?: NonNullable<Json>;
          discount?: number;
          discount_percent?: number;
          id?: string;
          line_total?: number;
          name?: string;
          order_id?: string;
          position?: number;
          product_id?: string | null;
          quantity?: number;
          sku?: string | null;
          tax?: number;
          tax_rate?: number;
          tenant_id?: string;
          unit_price?: number;
        };
        Relationships: [
          {
            foreignKeyName: "order_items_order_id_fkey";
            columns: ["tenant_id", "order_id"];
            isOneToOne: false;
            referencedRelation: "orders";
            referencedColumns: ["tenant_id", "id"];
          },
          {
            foreignKeyName: "order_items_product_id_fkey";
            columns: ["tenant_id", "product_id"];
            isOneToOne: false;
            referencedRelation: "products";
            referencedColumns: ["tenant_id", "id"];
          },
          {
            foreignKeyName: "order_items_tenant_id_fkey";
            columns: ["tenant_id"];
            isOneToOne: false;
            referencedRelation: "tenants";
            referencedColumns: ["id"];
          },
        ];
      };
      orders: {
        Row: {
          created_at: string;
          created_by: string | null;
          currency: string;
          custom: NonNullable<Json>;
          customer_id: string | null;
          deleted_at: string | null;
          discount_total: number;
          id: string;
          notes: string | null;
          number: string;
          placed_at: string;
          sequence: number;
          shipping_total: number;
          status: Database["public"]["Enums"]["order_status"];
          subtotal: number;
          tax_total: number;
          tenant_id: string;
          total: number;
          updated_at: string;
          version: number;
        };
        ComputedFields: never;
        Insert: {
          created_at?: string;
          created_by?: string | null;
          currency: string;
          custom?: NonNullable<Json>;
          customer_id?: string | null;
          deleted_at?: string | null;
          discount_total?: number;
          id?: string;
          notes?: string | null;
          number: string;
          placed_at?: string;
          sequence: number;
          shipping_total?: number;
          status?: Database["public"]["Enums"]["order_status"];
          subtotal?: number;
          tax_total?: number;
          tenant_id?: string;
          total?: number;
          updated_at?: string;
          version?: number;
        };
        Update: {
          created_at?: string;
          created_by?: string | null;
          currency?: string;
          custom?: NonNullable<Json>;
          customer_id?: string | null;
          deleted_at?: string | null;
          discount_total?: number;
          id?: string;
          notes?: string | null;
          number?: string;
          placed_at?: string;
          sequence?: number;
          shipping_total?: number;
          status?: Database["public"]["Enums"]["order_status"];
          subtotal?: number;
          tax_total?: number;
          tenant_id?: string;
          total?: number;
          updated_at?: string;
          version?: number;
        };
        Relationships: [
          {
            foreignKeyName: "orders_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "people";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "orders_currency_fkey";
            columns: ["currency"];
            isOneToOne: false;
            referencedRelation: "currencies";
            referencedColumns: ["code"];
          },
          {
            foreignKeyName: "orders_customer_id_fkey";
            columns: ["tenant_id", "customer_id"];
            isOneToOne: false;
            referencedRelation: "customers";
            referencedColumns: ["tenant_id", "id"];
          },
          {
            foreignKeyName: "orders_tenant_id_fkey";
            columns: ["tenant_id"];
            isOneToOne: false;
            referencedRelation: "tenants";
            referencedColumns: ["id"];
          },
        ];
      };
      people: {
        Row: {
          created_at: string;
          email: string;
          id: string;
          name: string | null;
        };
        ComputedFields: never;
        Insert: {
          created_at?: string;
          email: string;
          id: string;
          name?: string | null;
        };
        Update: {
          created_at?: string;
          email?: string;
          id?: string;
          name?: string | null;
        };
        Relationships: [];
      };
      products: {
        Row: {
          active: boolean;
          created_at: string;
          created_by: string | null;
          currency: string;
          custom: NonNullable<Json>;
          deleted_at: string | null;
          id: string;
          name: string;
          sku: string;
          tax_rate: number;
          tenant_id: string;
          unit: string | null;
          unit_price: number;
          updated_at: string;
          version: number;
        };
        ComputedFields: never;
        Insert: {
          active?: boolean;
          created_at?: string;
          created_by?: string | null;
          currency: string;
          custom?: NonNullable<Json>;
          deleted_at?: string | null;
          id?: string;
          name: string;
          sku: string;
          tax_rate?: number;
          tenant_id?: string;
          unit?: string | null;
          unit_price: number;
          updated_at?: string;
          version?: number;
        };
        Update: {
          active?: boolean;
          created_at?: string;
          created_by?: string | null;
          currency?: string;
          custom?: NonNullable<Json>;
          deleted_at?: string | null;
          id?: string;
          name?: string;
          sku?: string;
          tax_rate?: number;
          tenant_id?: string;
          unit?: string | null;
          unit_price?: number;
          updated_at?: string;
          version?: number;
        };
        Relationships: [
          {
            foreignKeyName: "products_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "people";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "products_currency_fkey";
            columns: ["currency"];
            isOneToOne: false;
            referencedRelation: "currencies";
            referencedColumns: ["code"];
          },
          {
            foreignKeyName: "products_tenant_id_fkey";
            columns: ["tenant_id"];
            isOneToOne: false;
            referencedRelation: "tenants";
            referencedColumns: ["id"];
          },
        ];
      };
      tenants: {
        Row: {
          address: Json | null;
          created_at: string;
          currency: string;
          deleted_at: string | null;
          email: string | null;
          id: string;
          locale: string;
          logo_id: string | null;
          name: string;
          order_prefix: string;
          phone: string | null;
          slug: string;
          tax_id: string | null;
          time_zone: string;
          updated_at: string;
          version: number;
        };
        ComputedFields: never;
        Insert: {
          address?: Json | null;
          created_at?: string;
          currency: string;
          deleted_at?: string | null;
          email?: string | null;
          id?: string;
          locale?: string;
          logo_id?: string | null;
          name: string;
          order_prefix?: string;
          phone?: string | null;
          slug: string;
          tax_id?: string | null;
          time_zone: string;
          updated_at?: string;
          version?: number;
        };
        Update: {
          address?: Json | null;
          created_at?: string;
          currency?: string;
          deleted_at?: string | null;
          email?: string | null;
          id?: string;
          locale?: string;
          logo_id?: string | null;
          name?: string;
          order_prefix?: string;
          phone?: string | null;
          slug?: string;
          tax_id?: string | null;
          time_zone?: string;
          updated_at?: string;
          version?: number;
        };
        Relationships: [
          {
            foreignKeyName: "tenants_currency_fkey";
            columns: ["currency"];
            isOneToOne: false;
            referencedRelation: "currencies";
            referencedColumns: ["code"];
          },
          {
            foreignKeyName: "tenants_logo_id_fkey";
            columns: ["id", "logo_id"];
            isOneToOne: false;
            referencedRelation: "attachments";
            referencedColumns: ["tenant_id", "id"];
          },
        ];
      };
      webhook_attempts: {
        Row: {
          at: string;
          delivery_id: string;
          duration_ms: number;
          error: string | null;
          id: string;
          request_headers: NonNullable<Json>;
          response_body: string | null;
          response_headers: Json | null;
          response_status: number | null;
          tenant_id: string;
          url: string;
        };
        ComputedFields: never;
        Insert: {
          at: string;
          delivery_id: string;
          duration_ms: number;
          error?: string | null;
          id?: string;
          request_headers: NonNullable<Json>;
          response_body?: string | null;
          response_headers?: Json | null;
          response_status?: number | null;
          tenant_id: string;
          url: string;
        };
        Update: {
          at?: string;
          delivery_id?: string;
          duration_ms?: number;
          error?: string | null;
          id?: string;
          request_headers?: NonNullable<Json>;
          response_body?: string | null;
          response_headers?: Json | null;
          response_status?: number | null;
          tenant_id?: string;
          url?: string;
        };
        Relationships: [
          {
            foreignKeyName: "webhook_attempts_delivery_id_fkey";
            columns: ["tenant_id", "delivery_id"];
            isOneToOne: false;
            referencedRelation: "webhook_deliveries";
            referencedColumns: ["tenant_id", "id"];
          },
        ];
      };
      webhook_deliveries: {
        Row: {
          attempt_count: number;
          created_at: string;
          entity_id: string;
          entity_type: string;
          error: string | null;
          event_id: string;
          event_type: string;
          finished_at: string | null;
          id: string;
          next_attempt_at: string | null;
          response_status: number | null;
          sequence: number;
          status: Database["public"]["Enums"]["delivery_status"];
          tenant_id: string;
          tries: number;
          webhook_id: string;
        };
        ComputedFields: never;
        Insert: {
          attempt_count?: number;
          created_at?: string;
          entity_id: string;
          entity_type: string;
          error?: string | null;
          event_id: string;
          event_type: string;
          finished_at?: string | null;
          id?: string;
          next_attempt_at?: string | null;
          response_status?: number | null;
          sequence: number;
          status?: Database["public"]["Enums"]["delivery_status"];
          tenant_id: string;
          tries?: number;
          webhook_id: string;
        };
        Update: {
          attempt_count?: number;
          created_at?: string;
          entity_id?: string;
          entity_type?: string;
          error?: string | null;
          event_id?: string;
          event_type?: string;
          finished_at?: string | null;
          id?: string;
          next_attempt_at?: string | null;
          response_status?: number | null;
          sequence?: number;
          status?: Database["public"]["Enums"]["delivery_status"];
          tenant_id?: string;
          tries?: number;
          webhook_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: "webhook_deliveries_webhook_id_fkey";
            columns: ["tenant_id", "webhook_id"];
            isOneToOne: false;
            referencedRelation: "webhooks";
            referencedColumns: ["tenant_id", "id"];
          },
        ];
      };
      webhooks: {
        Row: {
          active: boolean;
          created_at: string;
          created_by: string | null;
          description: string | null;
          disabled_reason: string | null;
          events: string[];
          failing_since: string | null;
          failures: number;
          id: string;
          last_failure_at: string | null;
          last_success_at: string | null;
          retry_at: string | null;
          secret_rotated_at: string | null;
          tenant_id: string;
          url: string;
          version: number;
        };
        ComputedFields: never;
        Insert: {
          active?: boolean;
          created_at?: string;
          created_by?: string | null;
          description?: string | null;
          disabled_reason?: string | null;
          events: string[];
          failing_since?: string | null;
          failures?: number;
          id?: string;
          last_failure_at?: string | null;
          last_success_at?: string | null;
          retry_at?: string | null;
          secret_rotated_at?: string | null;
          tenant_id: string;
          url: string;
          version?: number;
        };
        Update: {
          active?: boolean;
          created_at?: string;
          created_by?: string | null;
          description?: string | null;
          disabled_reason?: string | null;
          events?: string[];
          failing_since?: string | null;
          failures?: number;
          id?: string;
          last_failure_at?: string | null;
          last_success_at?: string | null;
          retry_at?: string | null;
          secret_rotated_at?: string | null;
          tenant_id?: string;
          url?: string;
          version?: number;
        };
        Relationships: [
          {
            foreignKeyName: "webhooks_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "people";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "webhooks_tenant_id_fkey";
            columns: ["tenant_id"];
            isOneToOne: false;
            referencedRelation: "tenants";
            referencedColumns: ["id"];
          },
        ];
      };
    };
    Views: {
      [_ in never]: never;
    };
    Functions: {
      accept_invitation: { Args: { token: string }; Returns: Json };
      analytics_schema: { Args: Record<PropertyKey, never>; Returns: Json };
      audit_retention: { Args: Record<PropertyKey, never>; Returns: Json };
      cancel_export: { Args: { id: string }; Returns: Json };
      cancel_job: { Args: { id: number }; Returns: undefined };
      create_analyst: { Args: { expires_at?: string; label: string }; Returns: Json };
      create_api_key: { Args: { payload: Json }; Returns: Json };
      create_attachment: { Args: { payload: Json }; Returns: Json };
      create_custom_field: { Args: { payload: Json }; Returns: Json };
      create_customer: { Args: { payload: Json }; Returns: Json };
      create_order: { Args: { payload: Json }; Returns: Json };
      create_product: { Args: { payload: Json }; Returns: Json };
      create_tenant: { Args: { payload: Json }; Returns: Json };
      delete_attachment: { Args: { id: string }; Returns: undefined };
      delete_custom_field: { Args: { id: string }; Returns: undefined };
      delete_tenant: { Args: { id: string }; Returns: undefined };
      duplicate_order: { Args: { order_id: string }; Returns: Json };
      end_sessions: { Args: { id?: string }; Returns: string[] };
      erase_audit: { Args: { entity_id: string; entity_type: string }; Returns: number };
      explain_access: {
        Args: { record_id: string; table_name: string; user_id: string };
        Returns: Json;
      };
      invite_member: { Args: { email: string; role: string }; Returns: Json };
      is_operator: { Args: Record<PropertyKey, never>; Returns: boolean };
      list_analysts: { Args: Record<PropertyKey, never>; Returns: Json };
      list_api_keys: { Args: Record<PropertyKey, never>; Returns: Json };
      list_custom_fields: { Args: { entity?: string }; Returns: Json };
      list_emails: { Args: { before?: string; page_size?: number }; Returns: Json };
      list_invitations: { Args: Record<PropertyKey, never>; Returns: Json };
      list_jobs: { Args: { before?: number; page_size?: number; state?: string }; Returns: Json };
      list_members: { Args: Record<PropertyKey, never>; Returns: Json };
      my_sessions: { Args: Record<PropertyKey, never>; Returns: Json };
      my_tenants: { Args: Record<PropertyKey, never>; Returns: Json };
      order_figures: { Args: Record<PropertyKey, never>; Returns: Json };
      record_timeline: { Args: { entity_id: string; entity_type: string }; Returns: Json };
      remove_member: { Args: { user_id: string }; Returns: undefined };
      request_export: { Args: { payload: Json }; Returns: Json };
      restore_customer: { Args: { expected_version?: number; id: string }; Returns: Json };
      restore_order: { Args: { expected_version?: number; id: string }; Returns: Json };
      restore_product: { Args: { expected_version?: number; id: string }; Returns: Json };
      retry_export: { Args: { id: string }; Returns: Json };
      retry_job: { Args: { id: number }; Returns: undefined };
      revoke_analyst: { Args: { role_name: string }; Returns: undefined };
      revoke_api_key: { Args: { id: string }; Returns: undefined };
      revoke_invitation: { Args: { id: string }; Returns: undefined };
      rotate_analyst: { Args: { role_name: string }; Returns: Json };
      search_customers: { Args: { q: string }; Returns: string[] };
      search_orders: { Args: { q: string }; Returns: string[] };
      search_products: { Args: { q: string }; Returns: string[] };
      send_order: { Args: { note?: string; order_id: string; recipient?: string }; Returns: Json };
      set_audit_retention: { Args: { days: number }; Returns: Json };
      set_member_role: { Args: { role: string; user_id: string }; Returns: Json };
      set_order_status: { Args: { ids: string[]; status: string }; Returns: Json };
      system_report: { Args: Record<PropertyKey, never>; Returns: Json };
      trash_customer: { Args: { expected_version?: number; id: string }; Returns: Json };
      trash_order: { Args: { expected_version?: number; id: string }; Returns: Json };
      trash_product: { Args: { expected_version?: number; id: string }; Returns: Json };
      update_custom_field: { Args: { id: string; patch: Json }; Returns: Json };
      update_customer: {
        Args: { expected_version?: number; id: string; patch: Json };
        Returns: Json;
      };
      update_order: {
        Args: { expected_version?: number; order_id: string; patch: Json };
        Returns: Json;
      };
      update_product: {
        Args: { expected_version?: number; id: string; patch: Json };
        Returns: Json;
      };
      update_tenant: {
        Args: { expected_version?: number; id: string; patch: Json };
        Returns: Json;
      };
    };
    Enums: {
      attachment_status: "pending" | "ready";
      custom_field_type: "text" | "number" | "date" | "boolean" | "choice";
      customer_kind: "company" | "person";
      delivery_status: "pending" | "succeeded" | "failed";
      email_status: "queued" | "sent" | "failed";
      export_status: "queued" | "running" | "succeeded" | "failed" | "cancelled" | "expired";
      member_role: "viewer" | "member" | "admin" | "owner";
      order_status: "pending" | "processing" | "shipped" | "delivered" | "cancelled";
      preview_state: "none" | "pending" | "ready";
    };
    CompositeTypes: {
      [_ in never]: never;
    };
  };
};

type DatabaseWithoutInternals = Omit<Database, "__InternalSupabase">;

type DefaultSchema = DatabaseWithoutInternals[Extract<keyof Database, "public">];

export type Tables<
  DefaultSchemaTableNameOrOptions extends
    | keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof (DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"] &
        DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"])
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? (DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"] &
      DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"])[TableName] extends {
      Row: infer R;
    }
    ? R
    : never
  : DefaultSchemaTableNameOrOptions extends keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    ? (DefaultSchema["Tables"] & DefaultSchema["Views"])[DefaultSchemaTableNameOrOptions] extends {
        Row: infer R;
      }
      ? R
      : never
    : never;

export type TablesInsert<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends {
      Insert: infer I;
    }
    ? I
    : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
    ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
        Insert: infer I;
      }
      ? I
      : never
    : never;

export type TablesUpdate<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends {
      Update: infer U;
    }
    ? U
    : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
    ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
        Update: infer U;
      }
      ? U
      : never
    : never;

export type Enums<
  DefaultSchemaEnumNameOrOptions extends
    | keyof DefaultSchema["Enums"]
    | { schema: keyof DatabaseWithoutInternals },
  EnumName extends DefaultSchemaEnumNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"]
    : never = never,
> = DefaultSchemaEnumNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"][EnumName]
  : DefaultSchemaEnumNameOrOptions extends keyof DefaultSchema["Enums"]
    ? DefaultSchema["Enums"][DefaultSchemaEnumNameOrOptions]
    : never;

export type CompositeTypes<
  PublicCompositeTypeNameOrOptions extends
    | keyof DefaultSchema["CompositeTypes"]
    | { schema: keyof DatabaseWithoutInternals },
  CompositeTypeName extends PublicCompositeTypeNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"]
    : never = never,
> = PublicCompositeTypeNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"][CompositeTypeName]
  : PublicCompositeTypeNameOrOptions extends keyof DefaultSchema["CompositeTypes"]
    ? DefaultSchema["CompositeTypes"][PublicCompositeTypeNameOrOptions]
    : never;

export const Constants = {
  public: {
    Enums: {
      attachment_status: ["pending", "ready"],
      custom_field_type: ["text", "number", "date", "boolean", "choice"],
      customer_kind: ["company", "person"],
      delivery_status: ["pending", "succeeded", "failed"],
      email_status: ["queued", "sent", "failed"],
      export_status: ["queued", "running", "succeeded", "failed", "cancelled", "expired"],
      member_role: ["viewer", "member", "admin", "owner"],
      order_status: ["pending", "processing", "shipped", "delivered", "cancelled"],
      preview_state: ["none", "pending", "ready"],
    },
  },
} as const;
